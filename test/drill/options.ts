import { parseArgs } from "node:util";

export interface DrillOptions {
  readonly kills: number;
  /** How long the router lives after it is ready, on average. */
  readonly secondsPerLife: number;
  readonly clients: number;
  readonly seed: number;
  /** Absent: a temporary one, removed when the drill passes. */
  readonly directory: string | undefined;
}

export const usage = `npm run drill -- [options]

  --kills <n>             how often the router is killed (default 20)
  --seconds-per-life <n>  how long it lives once it is ready, on average (default 1)
  --clients <n>           clients side by side (default 8; fewer than 5 leave kinds of work out)
  --seed <n>              of everything random in the drill (default: a new one, printed)
  --directory <path>      the state directory, which must not exist yet (default: a temporary one)
  --help`;

/** @throws Error that lists every problem with the arguments. */
export function parseDrillOptions(args: readonly string[]): DrillOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: "string", default: "20" },
      "seconds-per-life": { type: "string", default: "1" },
      clients: { type: "string", default: "8" },
      seed: { type: "string" },
      directory: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const problems: string[] = [];
  const number = (name: string, text: string, minimum: number, whole: boolean): number => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < minimum || (whole && !Number.isInteger(value))) {
      problems.push(`--${name} must be a ${whole ? "whole number" : "number"} from ${minimum}, not ${text}`);
    }
    return value;
  };
  const options: DrillOptions = {
    kills: number("kills", values.kills, 0, true),
    secondsPerLife: number("seconds-per-life", values["seconds-per-life"], 0.1, false),
    clients: number("clients", values.clients, 1, true),
    seed: number("seed", values.seed ?? String(Date.now() % 1_000_000), 0, true),
    directory: values.directory,
  };
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return options;
}
