import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { pacings, type Pacing } from "./cell.js";
import { engineNames, type EngineName } from "./engines/index.js";

export interface Options {
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly rounds: number;
  readonly writers: readonly number[];
  readonly engines: readonly EngineName[];
  readonly pacing: Pacing;
  readonly seed: number;
  readonly directory: string;
}

export const usage = `npm run bench -- [options]

  --seconds <n>      the measured window of a cell (default 3)
  --warm-up <n>      seconds under load before the window (default 0.5)
  --rounds <n>       how often each cell is measured; the median counts (default 3)
  --writers <list>   concurrent writers (default 1,16,64,256)
  --engines <list>   of ${engineNames.join(", ")}
                     (default all)
  --pacing <name>    turns: each insert begins in its own turn of the event loop, as a request does (default)
                     at-once: a writer begins its next insert the moment the last one is acknowledged
  --seed <n>         of the documents (default 1)
  --directory <path> where each cell makes its directory; must be on a real disk (default: the system's temporary folder)
  --quick            one short round, to see that it runs: not for figures
  --help`;

/** @throws Error that lists every problem with the arguments. */
export function parseOptions(args: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string" },
      "warm-up": { type: "string" },
      rounds: { type: "string" },
      writers: { type: "string" },
      engines: { type: "string" },
      pacing: { type: "string" },
      seed: { type: "string" },
      directory: { type: "string" },
      quick: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) return "help";
  const problems: string[] = [];
  const number = (
    name: string,
    text: string | undefined,
    byDefault: number,
    minimum: number,
    whole: boolean,
  ): number => {
    const value = text === undefined ? byDefault : Number(text);
    if (!Number.isFinite(value) || value < minimum || (whole && !Number.isInteger(value))) {
      problems.push(
        `--${name} must be a ${whole ? "whole number" : "number"} from ${minimum}, not ${text ?? "nothing"}`,
      );
    }
    return value;
  };
  const oneOf = <Name extends string>(name: string, text: string, names: readonly Name[]): Name | undefined => {
    const found = names.find((candidate) => candidate === text);
    if (found === undefined) problems.push(`--${name} knows ${names.join(", ")}, not ${text}`);
    return found;
  };
  const quick = values.quick === true;
  const options: Options = {
    seconds: number("seconds", values.seconds, quick ? 0.5 : 3, 0.1, false),
    warmUpSeconds: number("warm-up", values["warm-up"], quick ? 0.2 : 0.5, 0, false),
    rounds: number("rounds", values.rounds, quick ? 1 : 3, 1, true),
    writers: (values.writers ?? "1,16,64,256").split(",").map((text) => number("writers", text, 1, 1, true)),
    engines: (values.engines ?? engineNames.join(","))
      .split(",")
      .flatMap((text) => oneOf("engines", text, engineNames) ?? []),
    pacing: oneOf("pacing", values.pacing ?? "turns", pacings) ?? "turns",
    seed: number("seed", values.seed, 1, 0, true),
    directory: values.directory ?? tmpdir(),
  };
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return options;
}
