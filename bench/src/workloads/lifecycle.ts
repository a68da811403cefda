import type { Bench } from "../bench.js";
import { runCell } from "../cells/cell-process.js";
import { withDirectory } from "../cells/temporary-directory.js";
import type { EngineName } from "../engines/index.js";

const suited: readonly EngineName[] = [
  "holdfast",
  "better-sqlite3",
  "better-sqlite3-batched",
  "lmdb",
  "classic-level",
  "classic-level-batched",
  "redis",
  "postgresql",
  "files",
];
const documentBytes = 1024;

/** Records that are inserted and updated four times. */
export async function lifecycleWorkload(bench: Bench): Promise<void> {
  const { options } = bench;
  const { seed, seconds, pacing, "warm-up": warmUpSeconds, "lifecycle-writers": writers } = options;
  await bench.alternate(
    "lifecycle",
    { documentBytes, writers },
    await bench.enginesFor(suited),
    (engine) =>
      withDirectory(options.directory, (directory) =>
        runCell("lifecycle", { engine, directory, documentBytes, writers, seed, seconds, warmUpSeconds, pacing }),
      ),
    "perSecond",
  );
}
