import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSoakOptions, usage, type SoakOptions } from "./options.js";
import { problemsOf, reportOf, verdictOf } from "./report.js";
import { Soak } from "./soak.js";

async function run({ minutes, seed, keep }: SoakOptions): Promise<boolean> {
  const temporary = keep === undefined ? await mkdtemp(join(tmpdir(), "holdfast-soak-")) : undefined;
  const directory = keep ?? join(temporary ?? "", "state");
  if (existsSync(directory)) throw new Error(`${directory} exists already; a soak begins with a directory of its own.`);
  console.error(`${minutes} minutes, seed ${seed}, state directory ${directory}`);
  const began = Date.now();
  const soak = new Soak(minutes, seed, directory, (text) => {
    console.error(`${Math.round((Date.now() - began) / 1000)} s: ${text}`);
  });
  await soak.run();
  console.log(`${reportOf(soak)}\n`);
  const problems = problemsOf(soak);
  for (const problem of problems) console.log(problem);
  if (problems.length > 0) console.error(`The state directory is kept: ${directory}`);
  else if (temporary !== undefined) await rm(temporary, { recursive: true });
  console.log(verdictOf(soak));
  return problems.length === 0;
}

const options = parseSoakOptions(process.argv.slice(2));
if (options === "help") console.log(usage);
else if (!(await run(options))) process.exitCode = 1;
