import type { Bench } from "../bench.js";
import { runCell } from "../cells/cell-process.js";
import { withDirectory } from "../cells/temporary-directory.js";
import type { EngineName } from "../engines/index.js";

/** The embedded peers that come closest in the short runs; a minute for each of the others would show little more. */
const suited: readonly EngineName[] = ["holdfast", "better-sqlite3-batched", "lmdb"];
const documentBytes = 1024;

/** Inserts for so long that checkpoints and merging have to keep up. */
export async function sustainedWorkload(bench: Bench): Promise<void> {
  const { options } = bench;
  const { seed, pacing, "sustained-seconds": seconds, "sustained-writers": writers } = options;
  await bench.alternate(
    "sustained",
    { documentBytes, writers, seconds },
    await bench.enginesFor(suited),
    (engine) =>
      withDirectory(options.directory, (directory) =>
        runCell("insert", { engine, directory, documentBytes, writers, seed, seconds, warmUpSeconds: 0, pacing }),
      ),
    "perSecond",
  );
}
