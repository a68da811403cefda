import { parseArgs } from "node:util";
import { parseToken, type StateToken } from "./state-token.js";

export interface CrashOptions {
  /** How many different states are opened and checked, at least those that are always tried. */
  readonly states: number;
  readonly seed: number;
  /** Only the scenarios whose name contains this. */
  readonly only: string | undefined;
  /** One state again, instead of all. */
  readonly replay: StateToken | undefined;
  /** Where failing states are kept. */
  readonly keep: string | undefined;
}

export const usage = `npm run test:crash -- [options]

  --states <n>      how many different states to open and check (default 20000); every place of every scenario is
                    visited in any case
  --seed <n>        of everything random (default 1)
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
      only: { type: "string" },
      replay: { type: "string" },
      keep: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const problems: string[] = [];
  const whole = (name: string, text: string): number => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(value) || value < 0)
      problems.push(`--${name} must be a whole number from 0, not ${text}`);
    return value;
  };
  const replay = values.replay === undefined ? undefined : parseToken(values.replay);
  if (values.replay !== undefined && replay === undefined)
    problems.push(`--replay must be a token as a failure prints it, not ${values.replay}`);
  const options: CrashOptions = {
    states: whole("states", values.states),
    seed: whole("seed", values.seed),
    only: values.only,
    replay,
    keep: values.keep,
  };
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return options;
}
