import { isHoldfastError } from "../../errors.js";
import type { FileSystem } from "../../files/file-system.js";
import { readStatusFile } from "../../watch/status-file.js";
import type { StartupTransition } from "../../watch/startup-status.js";

/** What a new run takes over from the status file of the last one. */
export interface PreviousStatus {
  readonly transitions: readonly StartupTransition[];
  /** Of the last transition of any earlier run. */
  readonly sequence: number;
  /** Why the file could not be read, for the message of the new run. */
  readonly problem: string | undefined;
}

/**
 * Room between two epochs' numbers. Where the old file can not be read, the numbers go on from here, so that they still
 * only grow; a run would have to change its phase a million times to reach the next.
 */
const sequencesPerEpoch = 1_000_000;

/**
 * Reads where the previous run left off, and closes its account: if it did not say `stopped`, a transition says so for
 * it, at its last sign of life.
 *
 * @param epoch of the new run, from 1.
 * @throws whatever the system throws, if the file is there but can not be read. Damaged bytes are tolerated.
 */
export async function readPreviousStatus(fileSystem: FileSystem, path: string, epoch: number): Promise<PreviousStatus> {
  try {
    const file = await fileSystem.status(path);
    const status = await readStatusFile(fileSystem, path);
    if (status === undefined || file === undefined) {
      return { transitions: [], sequence: epoch === 1 ? 0 : epoch * sequencesPerEpoch, problem: undefined };
    }
    if (status.phase === "stopped") {
      return { transitions: status.transitions, sequence: status.sequence, problem: undefined };
    }
    const { sequence, run_id, boot_count, pid, host, report } = status;
    const signsOfLife = [Date.parse(status.heartbeat_at), Date.parse(status.updated_at), Math.round(file.modifiedAtMs)];
    const end: StartupTransition = {
      sequence: sequence + 1,
      run_id,
      boot_count,
      pid,
      host,
      report,
      phase: "stopped",
      ready: false,
      at: new Date(Math.max(...signsOfLife.filter(Number.isFinite))).toISOString(),
      message: `The process is gone without having said so; it was last seen in phase ${status.phase}`,
      stale: true,
    };
    return { transitions: [...status.transitions, end], sequence: end.sequence, problem: undefined };
  } catch (error) {
    if (!isHoldfastError(error, "CORRUPT") && !isHoldfastError(error, "UNSUPPORTED_FORMAT")) throw error;
    return { transitions: [], sequence: epoch * sequencesPerEpoch, problem: error.message };
  }
}
