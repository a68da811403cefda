import type { FileSystem } from "../../../src/files/file-system.js";
import type { DiskImage } from "../disk/disk-image.js";
import type { Workload } from "../workloads/workload.js";
import type { Truth } from "./truth.js";

/** A state that a crash may have left, and what must be found in it. */
export interface CrashState {
  readonly image: DiskImage;
  /** The process was killed, and the machine went on. */
  readonly machineSurvives: boolean;
  readonly truth: Truth;
  /** Every commit up to here was acknowledged. */
  readonly acknowledged: number;
  /** No commit behind this one had been sent to the disk. */
  readonly issued: number;
  /** The directory had been handed out to somebody, so it must still be the same one. */
  readonly storeId: string | undefined;
  /** The clock at the crash. */
  readonly clock: number;
  readonly workload: Workload;
  /** Chooses among the costlier checks; each of them meets a share of all states. */
  readonly turn: number;
  readonly breaking?: ((disk: FileSystem) => FileSystem) | undefined;
}
