import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { parseToken, type StateToken } from "./state-token.js";

export interface CrashOptions {
  /** How many different states are opened and checked, at least one of each kind of crash at every place. */
  readonly states: number;
  readonly seed: number;
  /** How many processes share the work. */
  readonly jobs: number;
  /** Only the scenarios whose name contains this. */
  readonly only: string | undefined;
  /** One state again, instead of all. */
  readonly replay: StateToken | undefined;
  /** Where failing states are kept. */
  readonly keep: string | undefined;
}

export const usage = `npm run test:crash -- [options]

  --states <n>      how many different states to open and check (default 20000), shared evenly among the scenarios;
                    every place of every recording is visited with each kind of crash in any case
  --seed <n>        of everything random (default 1)
  --jobs <n>        how many processes share the work (default: as many as there are processors); what is found does
                    not depend on it
  --only <text>     only scenarios whose name contains it
  --replay <token>  check one state again, as a failure names it
  --keep <folder>   where failing states are kept (default: a temporary folder)
  --help`;

/** @throws Error that lists every problem with the arguments. */
export function parseCrashOptions(args: readonly string[]): CrashOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      states: { type: "string", default: "20000" },
      seed: { type: "string", default: "1" },
      jobs: { type: "string", default: String(availableParallelism()) },
      only: { type: "string" },
      replay: { type: "string" },
      keep: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const problems: string[] = [];
  const whole = (name: string, text: string, least = 0): number => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(value) || value < least)
      problems.push(`--${name} must be a whole number from ${least}, not ${text}`);
    return value;
  };
  const replay = values.replay === undefined ? undefined : parseToken(values.replay);
  if (values.replay !== undefined && replay === undefined)
    problems.push(`--replay must be a token as a failure prints it, not ${values.replay}`);
  const options: CrashOptions = {
    states: whole("states", values.states),
    seed: whole("seed", values.seed),
    jobs: whole("jobs", values.jobs, 1),
    only: values.only,
    replay,
    keep: values.keep,
  };
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return options;
}
