import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Bench } from "./bench.js";
import { describeMachine } from "./machine.js";
import { parseOptions, usage, type Options } from "./options.js";
import { peerVersions } from "./peer-versions.js";
import { reportOf } from "./report/report.js";
import type { Run } from "./run.js";
import { workloads } from "./workloads/index.js";

const usualOutput = fileURLToPath(new URL("../results/latest.json", import.meta.url));

async function measure(options: Options, command: string): Promise<Run> {
  const machine = await describeMachine(options.directory);
  const startedAt = new Date().toISOString();
  const bench = new Bench(options);
  for (const name of options.workloads) await workloads[name](bench);
  return {
    startedAt,
    finishedAt: new Date().toISOString(),
    command,
    machine,
    options,
    versions: peerVersions(),
    engines: bench.described,
    leftOut: [...bench.leftOut],
    failures: bench.failures,
    measurements: bench.measurements,
  };
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const args = process.argv.slice(2);
const options = parseOptions(args);
if (options === "help") {
  console.log(usage);
} else {
  const run = await measure(options, args.join(" "));
  // npm runs this in the folder of the benchmark; a path is meant from where the user stands.
  const output = options.output === undefined ? usualOutput : resolve(process.env["INIT_CWD"] ?? ".", options.output);
  await mkdir(dirname(output), { recursive: true });
  await writeFile(output, `${JSON.stringify(run, null, 2)}\n`);
  console.log(reportOf(run));
  // The tables say what failed; a program that called sees it by this.
  if (run.failures.length > 0) process.exitCode = 1;
}
