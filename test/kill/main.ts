import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KillLoop } from "./kill-loop.js";
import { parseKillOptions, usage, type KillOptions } from "./options.js";
import { reportOf } from "./report.js";

const roundsPerLine = 100;

async function run({ rounds, seed, keep }: KillOptions): Promise<boolean> {
  const temporary = keep === undefined ? await mkdtemp(join(tmpdir(), "holdfast-kill-")) : undefined;
  const directory = keep ?? join(temporary ?? "", "state");
  if (existsSync(directory))
    throw new Error(`${directory} exists already; the loop begins with a directory of its own.`);
  console.error(`seed ${seed}, state directory ${directory}`);
  const loop = new KillLoop(directory, seed);
  await loop.run(rounds, (round) => {
    if (round % roundsPerLine === 0) console.error(`${round} rounds, ${loop.judge.acknowledged} acknowledged`);
  });
  console.log(reportOf(loop));
  if (!loop.judge.findings.any) {
    if (temporary !== undefined) await rm(temporary, { recursive: true });
    return true;
  }
  const failed = `Round ${loop.figures.rounds} found it. The directory is as that round left it: ${directory}`;
  console.error(`${failed}\nRepeat the same choices (the machine's timing is its own) with --seed ${seed}.`);
  return false;
}

const options = parseKillOptions(process.argv.slice(2));
if (options === "help") console.log(usage);
else if (!(await run(options))) process.exitCode = 1;
