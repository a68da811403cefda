import type { Bench } from "../bench.js";
import { runCell } from "../cells/cell-process.js";
import { withDirectory } from "../cells/temporary-directory.js";
import type { EngineName } from "../engines/index.js";

const suited: readonly EngineName[] = [
  "holdfast",
  "holdfast-short-journal",
  "better-sqlite3",
  "better-sqlite3-batched",
  "lmdb",
  "classic-level",
  "classic-level-batched",
  "redis",
  "postgresql",
  "files",
  "lowdb",
];

/** Durable inserts, for each size of document and each number of writers. */
export async function insertWorkload(bench: Bench): Promise<void> {
  const { options } = bench;
  const { seed, seconds, pacing, "warm-up": warmUpSeconds } = options;
  const names = await bench.enginesFor(suited);
  for (const documentBytes of options.bytes) {
    for (const writers of options.writers) {
      await bench.alternate(
        "insert",
        { documentBytes, writers },
        names,
        (engine) =>
          withDirectory(options.directory, (directory) =>
            runCell("insert", { engine, directory, documentBytes, writers, seed, seconds, warmUpSeconds, pacing }),
          ),
        "perSecond",
      );
    }
  }
}
