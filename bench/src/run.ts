import type { Engine } from "./engine.js";
import type { Figures } from "./figures.js";
import type { Machine } from "./machine.js";
import type { Options } from "./options.js";

/** What a cell was measured with, such as the number of writers; cells of one setup stand beside each other. */
export type Setup = Readonly<Record<string, number>>;

/** What the tables are named for. One workload of the command line may fill several. */
export type TableName =
  "insert" | "lifecycle" | "sustained" | "store" | "open clean" | "open killed" | "read" | "watch" | "limits";

/** Everything measured of one engine in one setup. */
export interface Measurement {
  readonly table: TableName;
  readonly setup: Setup;
  /** Of an engine or of a status channel, as on the command line; `limits` have none. */
  readonly engine: string;
  readonly rounds: readonly Figures[];
  readonly median: Figures;
}

export type EngineDescription = Pick<Engine, "name" | "setting" | "kind" | "blocking" | "durable" | "indexed">;

/** What could not be measured, and why. */
export interface Failure {
  readonly table: TableName;
  readonly setup: Setup;
  readonly engine: string;
  readonly message: string;
}

/** The result of `npm run bench`, as it is kept: all tables are made of this and nothing else. */
export interface Run {
  readonly startedAt: string;
  readonly finishedAt: string;
  /** As it was called, behind `npm run bench --`. */
  readonly command: string;
  readonly machine: Machine;
  readonly options: Options;
  /** What it was measured against, by name. */
  readonly versions: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, EngineDescription>>;
  readonly leftOut: readonly string[];
  readonly failures: readonly Failure[];
  readonly measurements: readonly Measurement[];
}
