import { parseArgs } from "node:util";

export interface KillOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Where the state directory is made; kept there. Absent: a temporary folder, removed when nothing was found. */
  readonly keep: string | undefined;
}

export const usage = `npm run test:kill -- [options]

  --rounds <n>     how many rounds of opening, writing and killing (default 100)
  --seed <n>       of everything the loop and the writers choose (default: a new one, printed)
  --keep <path>    the state directory, which must not exist yet (default: a temporary one)
  --help`;

/** @throws Error that lists every problem with the arguments. */
export function parseKillOptions(args: readonly string[]): KillOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "100" },
      seed: { type: "string" },
      keep: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const problems: string[] = [];
  const wholeNumber = (name: string, text: string, minimum: number): number => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(value) || value < minimum) {
      problems.push(`--${name} must be a whole number from ${minimum}, not ${text}`);
    }
    return value;
  };
  const options: KillOptions = {
    rounds: wholeNumber("rounds", values.rounds, 1),
    seed: wholeNumber("seed", values.seed ?? String(Date.now() % 1_000_000), 0),
    keep: values.keep,
  };
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return options;
}
