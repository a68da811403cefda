import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Counts } from "./counts.js";
import { Explorer, type Violation } from "./explorer.js";
import { keepState } from "./keep-state.js";
import { Machine } from "./machine.js";
import { parseCrashOptions, usage, type CrashOptions } from "./options.js";
import { reportOf } from "./report.js";
import { scenarios } from "./scenarios.js";
import { slicesOf, type Slice } from "./slices.js";
import type { StateToken } from "./state-token.js";
import { exploreSlices, type Exploration } from "./workers/explore-slices.js";

/** After so many, more of them tell nothing new. */
const mostViolations = 20;

async function run(options: CrashOptions): Promise<boolean> {
  const started = performance.now();
  const { counts, violations } = options.replay === undefined ? await explore(options) : await replay(options.replay);
  console.log(reportOf(counts, performance.now() - started));
  if (violations.length > 0) await keep(violations, options.keep);
  return violations.length === 0;
}

function print({ token, faults, problems }: Violation): void {
  console.error(`violation ${token} (${faults.join("; ")})`);
  for (const problem of problems) console.error(`  ${problem}`);
}

async function explore({ states, seed, only, jobs }: CrashOptions): Promise<Exploration> {
  const chosen = scenarios.filter(({ name }) => only === undefined || name.includes(only));
  if (chosen.length === 0) throw new Error(`no scenario's name contains ${JSON.stringify(only)}`);
  const slices = slicesOf(chosen, states, seed);
  const started = performance.now();
  const onExplored = (slice: Slice, done: number): void => {
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    console.error(`${seconds} s: ${done} of ${slices.length}: ${slice.scenario}, seed ${slice.seed}`);
  };
  return exploreSlices(slices, { jobs, mostViolations, onViolation: print, onExplored });
}

async function replay(token: StateToken): Promise<Exploration> {
  const scenario = scenarios.find(({ name }) => name === token.scenario);
  if (scenario === undefined) throw new Error(`there is no scenario ${token.scenario}`);
  await using machine = await Machine.make();
  const [counts, violations] = [new Counts(), [] as Violation[]];
  const { seed } = token;
  const onViolation = (violation: Violation): void => {
    print(violation);
    violations.push(violation);
  };
  const explorer = await Explorer.of({ machine, scenario, seed, counts, onViolation, isEnough: () => false });
  if (!(await explorer.replay(token))) throw new Error("the recording no longer has this state: the code has changed");
  return { counts, violations };
}

async function keep(violations: readonly Violation[], folder: string | undefined): Promise<void> {
  const target = folder ?? (await mkdtemp(join(tmpdir(), "holdfast-crash-states-")));
  for (const { token, image } of violations) await keepState(image, join(target, token));
  console.error(`The states are kept in ${target}/<token>/state. Repeat one with --replay <token>.`);
}

const options = parseCrashOptions(process.argv.slice(2));
if (options === "help") console.log(usage);
else if (!(await run(options))) process.exitCode = 1;
