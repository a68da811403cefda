import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Counts } from "./counts.js";
import { explore } from "./exploration.js";
import { Explorer, type Violation } from "./explorer.js";
import { keepState } from "./keep-state.js";
import { Machine } from "./machine.js";
import { parseCrashOptions, usage, type CrashOptions } from "./options.js";
import { reportOf } from "./report.js";
import { scenarios } from "./scenarios.js";
import type { StateToken } from "./state-token.js";

/** After so many, more of them tell nothing new. */
const mostKept = 20;

async function run(options: CrashOptions): Promise<boolean> {
  await using machine = await Machine.make();
  const violations: Violation[] = [];
  const onViolation = (violation: Violation): void => {
    violations.push(violation);
    console.error(`violation ${violation.token} (${violation.faults.join("; ")})`);
    for (const problem of violation.problems) console.error(`  ${problem}`);
  };
  const isEnough = (): boolean => violations.length >= mostKept;
  const started = performance.now();
  let counts: Counts;
  if (options.replay === undefined) {
    const chosen = scenarios.filter(({ name }) => options.only === undefined || name.includes(options.only));
    const onScenario = (name: string, seed: number): void => {
      console.error(`${((performance.now() - started) / 1_000).toFixed(1)} s: ${name}, seed ${seed}`);
    };
    counts = await explore({ ...options, machine, scenarios: chosen, onViolation, onScenario, isEnough });
  } else counts = await replay(machine, options.replay, onViolation);
  console.log(reportOf(counts, performance.now() - started));
  if (violations.length > 0) await keep(violations, options.keep);
  return violations.length === 0;
}

async function replay(
  machine: Machine,
  token: StateToken,
  onViolation: (violation: Violation) => void,
): Promise<Counts> {
  const scenario = scenarios.find(({ name }) => name === token.scenario);
  if (scenario === undefined) throw new Error(`there is no scenario ${token.scenario}`);
  const counts = new Counts();
  const { seed } = token;
  const explorer = await Explorer.of({ machine, scenario, seed, counts, onViolation, isEnough: () => false });
  if (!(await explorer.replay(token))) throw new Error("the recording no longer has this state: the code has changed");
  return counts;
}

async function keep(violations: readonly Violation[], folder: string | undefined): Promise<void> {
  const target = folder ?? (await mkdtemp(join(tmpdir(), "holdfast-crash-states-")));
  for (const { token, image } of violations) await keepState(image, join(target, token));
  console.error(`The states are kept in ${target}/<token>/state. Repeat one with --replay <token>.`);
}

const options = parseCrashOptions(process.argv.slice(2));
if (options === "help") console.log(usage);
else if (!(await run(options))) process.exitCode = 1;
