import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { engineNames, type EngineName } from "./engines/index.js";
import { workloadNames, type WorkloadName } from "./workloads/names.js";
import { pacings, type Pacing } from "./writers.js";

/** Names, defaults, defaults of `--quick`, and what they are; every one may also be a list if its default is. */
const numbers = {
  rounds: {
    normal: 3,
    quick: 1,
    minimum: 1,
    whole: true,
    meaning: "how often each cell is measured; the median counts",
  },
  seconds: { normal: 1.2, quick: 0.5, minimum: 0.1, whole: false, meaning: "the window of a writing cell" },
  "warm-up": { normal: 1.5, quick: 0.5, minimum: 0, whole: false, meaning: "seconds under load before that window" },
  "read-seconds": { normal: 0.6, quick: 0.3, minimum: 0.01, whole: false, meaning: "of each kind of read" },
  "sustained-seconds": { normal: 60, quick: 8, minimum: 1, whole: false, meaning: "of the sustained load" },
  "sustained-writers": { normal: 64, quick: 64, minimum: 1, whole: true, meaning: "of the sustained load" },
  "lifecycle-writers": { normal: 64, quick: 64, minimum: 1, whole: true, meaning: "records in flight" },
  "kill-after": { normal: 1, quick: 0.5, minimum: 0.05, whole: false, meaning: "seconds of writing before SIGKILL" },
  updates: { normal: 1000, quick: 250, minimum: 1, whole: true, meaning: "status updates per pass of the watch" },
  "updates-per-second": { normal: 50, quick: 50, minimum: 1, whole: false, meaning: "of the paced pass" },
  flushes: { normal: 2000, quick: 500, minimum: 1, whole: true, meaning: "raw device flushes timed" },
  seed: { normal: 1, quick: 1, minimum: 0, whole: true, meaning: "of the documents" },
} as const;

const lists = {
  writers: { normal: [1, 16, 64, 256], quick: [1, 16, 64, 256], meaning: "concurrent writers of the inserts" },
  bytes: { normal: [1024, 4096], quick: [1024, 4096], meaning: "sizes of the inserted documents" },
  documents: {
    normal: [1_000, 10_000, 100_000, 1_000_000],
    quick: [1_000, 10_000, 100_000],
    meaning: "sizes of the stores that are opened, killed and weighed",
  },
  "read-documents": { normal: [100_000, 1_000_000], quick: [100_000], meaning: "those of them that are read" },
  readers: { normal: [1, 16], quick: [1, 16], meaning: "concurrent readers" },
} as const;

export type Options = Readonly<Record<keyof typeof numbers, number>> &
  Readonly<Record<keyof typeof lists, readonly number[]>> & {
    readonly workloads: readonly WorkloadName[];
    /** `undefined`: those that suit each workload. */
    readonly engines: readonly EngineName[] | undefined;
    readonly pacing: Pacing;
    readonly directory: string;
    /** Where the results go, as JSON; `undefined`: the usual place. */
    readonly output: string | undefined;
    readonly quick: boolean;
    /** Measure every engine with every size of store, however long that takes. */
    readonly everySize: boolean;
  };

const line = (option: string, meaning: string): string => `  ${option.padEnd(26)} ${meaning}`;

export const usage = [
  "npm run bench -- [options]",
  "",
  line("--workloads <list>", workloadNames.join(", ")),
  line("--engines <list>", `of ${engineNames.slice(0, 6).join(", ")},`),
  line("", `${engineNames.slice(6).join(", ")} (default: those that suit the workload)`),
  ...Object.entries(lists).map(([name, { normal, meaning }]) =>
    line(`--${name} <list>`, `${meaning} (default ${normal.join(",")})`),
  ),
  ...Object.entries(numbers).map(([name, { normal, meaning }]) =>
    line(`--${name} <n>`, `${meaning} (default ${normal})`),
  ),
  line("--pacing <name>", "turns: each write begins in its own turn of the event loop, as a request does (default)"),
  line("", "at-once: a writer begins its next write the moment the last one is acknowledged"),
  line(
    "--directory <path>",
    "where the stores are made; must be on a real disk (default: the system's temporary folder)",
  ),
  line("--output <file>", "where the results go, as JSON (default bench/results/latest.json)"),
  line("--quick", "one short round of everything, up to 100,000 documents"),
  line("--every-size", "also the servers and the slow engines with large stores, which takes much longer"),
  "  --help",
].join("\n");

/** @throws Error that lists every problem with the arguments. */
export function parseOptions(args: readonly string[]): Options | "help" {
  const text = { type: "string" } as const;
  const named = [
    ...Object.keys(numbers),
    ...Object.keys(lists),
    "workloads",
    "engines",
    "pacing",
    "directory",
    "output",
  ];
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(named.map((name) => [name, text])),
      quick: { type: "boolean" },
      "every-size": { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) return "help";
  const quick = values.quick === true;
  const problems: string[] = [];
  const given = (name: string): string | undefined => {
    const value = (values as Readonly<Record<string, string | boolean | undefined>>)[name];
    return typeof value === "string" ? value : undefined;
  };
  const number = (name: string, value: string, minimum: number, whole: boolean): number => {
    const parsed = Number(value);
    if (value === "" || !Number.isFinite(parsed) || parsed < minimum || (whole && !Number.isInteger(parsed))) {
      problems.push(`--${name} must be a ${whole ? "whole number" : "number"} from ${minimum}, not "${value}"`);
    }
    return parsed;
  };
  const oneOf = <Name extends string>(name: string, value: string, names: readonly Name[]): Name[] => {
    const found = names.filter((candidate) => candidate === value);
    if (found.length === 0) problems.push(`--${name} knows ${names.join(", ")}, not "${value}"`);
    return found;
  };
  const single = Object.entries(numbers).map(([name, { normal, quick: short, minimum, whole }]) => {
    const value = given(name);
    return [name, value === undefined ? (quick ? short : normal) : number(name, value, minimum, whole)];
  });
  const several = Object.entries(lists).map(([name, { normal, quick: short }]) => {
    const value = given(name);
    if (value === undefined) return [name, quick ? short : normal];
    return [name, value.split(",").map((each) => number(name, each, 1, true))];
  });
  const options: Options = {
    ...(Object.fromEntries(single) as Record<keyof typeof numbers, number>),
    ...(Object.fromEntries(several) as Record<keyof typeof lists, readonly number[]>),
    workloads:
      given("workloads")
        ?.split(",")
        .flatMap((each) => oneOf("workloads", each, workloadNames)) ?? workloadNames,
    engines: given("engines")
      ?.split(",")
      .flatMap((each) => oneOf("engines", each, engineNames)),
    pacing: oneOf("pacing", given("pacing") ?? "turns", pacings)[0] ?? "turns",
    directory: given("directory") ?? tmpdir(),
    output: given("output"),
    quick,
    everySize: values["every-size"] === true,
  };
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return options;
}
