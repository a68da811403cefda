import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Drill } from "./drill.js";
import { parseDrillOptions, usage } from "./options.js";
import { passed, reportOf } from "./report.js";

const options = parseDrillOptions(process.argv.slice(2));
if (options === "help") {
  console.log(usage);
} else {
  const temporary = options.directory === undefined ? await mkdtemp(join(tmpdir(), "holdfast-drill-")) : undefined;
  const directory = options.directory ?? join(temporary ?? "", "state");
  if (existsSync(directory))
    throw new Error(`${directory} exists already; a drill begins with a directory of its own.`);
  console.error(`seed ${options.seed}, state directory ${directory}`);
  const drill = new Drill(options, directory, (text) => {
    console.error(text);
  });
  const result = await drill.run();
  console.log(reportOf(result));
  if (passed(result)) {
    if (temporary !== undefined) await rm(temporary, { recursive: true });
  } else {
    console.error(`The drill failed. Repeat it with --seed ${options.seed}; the state directory is kept: ${directory}`);
    process.exitCode = 1;
  }
}
