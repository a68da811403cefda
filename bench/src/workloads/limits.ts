import type { Bench } from "../bench.js";
import { runCell } from "../cells/cell-process.js";
import { withDirectory } from "../cells/temporary-directory.js";

/** What no store on this machine gets below. */
export async function limitsWorkload(bench: Bench): Promise<void> {
  const { options } = bench;
  for (const documentBytes of options.bytes) {
    await bench.alternate(
      "limits",
      { documentBytes },
      ["machine"],
      () =>
        withDirectory(options.directory, (directory) =>
          runCell("limits", { directory, documentBytes, seed: options.seed, flushes: options.flushes }),
        ),
      "flushP50",
    );
  }
}
