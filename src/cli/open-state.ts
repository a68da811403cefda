import type { Config } from "../config/index.js";
import { openStateDirectory, type OpenOptions, type StateDirectory } from "../open-state-directory.js";
import type { Invocation } from "./invocation.js";
import { ProgressLine } from "./progress-line.js";
import { recoveryRemark } from "./render/recovery-report.js";

/** Opens for reading: takes no lock, waits for nobody, writes nothing. */
export async function openForReading({ output }: Invocation, config: Config): Promise<StateDirectory> {
  using progress = new ProgressLine(output.progressStream);
  return await openStateDirectory({ ...optionsOf(config), mode: "reader", onProgress: showOn(progress) });
}

/**
 * Opens for writing, waiting for another process as long as the configuration allows, and tells people if a recovery
 * had to do something.
 */
export async function openForWriting(
  { output, options }: Invocation,
  config: Config,
  more: Pick<OpenOptions, "create"> = {},
): Promise<StateDirectory> {
  using progress = new ProgressLine(output.progressStream);
  return await openStateDirectory({
    ...optionsOf(config),
    ...more,
    mode: "writer",
    waitMs: config.lock.waitMs,
    ...(options.takeOver === true ? { takeOver: "paused" } : {}),
    onProgress: showOn(progress),
  });
}

function showOn(progress: ProgressLine): NonNullable<OpenOptions["onProgress"]> {
  return ({ stage, done, total }) => {
    progress.show(stageLabels[stage], done, total);
  };
}
