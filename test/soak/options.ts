import { parseArgs } from "node:util";

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Where the state directory is made; kept there. Absent: a temporary folder, removed when nothing was found. */
  readonly keep: string | undefined;
}

export const usage = `npm run soak -- [options]

  --minutes <n>    how long traffic runs (default 20); a short run is too short to judge growth
  --seed <n>       of everything that is chosen (default: a new one, printed)
  --keep <path>    the state directory, which must not exist yet (default: a temporary one)
  --help`;

/** @throws Error that lists every problem with the arguments. */
export function parseSoakOptions(args: readonly string[]): SoakOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "20" },
      seed: { type: "string" },
      keep: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const problems: string[] = [];
  const minutes = Number(values.minutes);
  if (values.minutes.trim() === "" || !Number.isFinite(minutes) || minutes <= 0) {
    problems.push(`--minutes must be a number above 0, not ${values.minutes}`);
  }
  const givenSeed = values.seed ?? String(Date.now() % 1_000_000);
  const seed = Number(givenSeed);
  if (givenSeed.trim() === "" || !Number.isSafeInteger(seed) || seed < 0) {
    problems.push(`--seed must be a whole number from 0, not ${givenSeed}`);
  }
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return { minutes, seed, keep: values.keep };
}
