import type { MergeOptions } from "./merge-packs.js";
import type { PackDocument } from "./pack-document.js";
import type { PackTarget } from "./pack-target.js";
import type { Pack } from "./pack.js";

/** Which pack is to be made, and where. */
export type PackPlan = Omit<PackTarget, "fileSystem" | "pace">;

/** What goes into a pack, by ascending id. It can be gone through more than once. */
export interface PackContent extends Iterable<PackDocument> {
  readonly size: number;
}

export interface MergePlan extends MergeOptions {
  /** How many bytes may be read and written in a second. */
  readonly bytesPerSecond: number;
}

/**
 * Makes packs, on this thread or on one of its own. Whoever asks syncs the folder, and lists the pack: until then nothing
 * refers to it, so it does not matter to a crash who wrote it.
 */
export interface PackMaker {
  /**
   * Writes a pack of documents.
   *
   * @param onProgress is called now and then, on the caller's thread, and may throw to stop the work.
   * @throws what {@link writePack} throws, or `onProgress`. Nothing is left then.
   */
  write(plan: PackPlan, content: PackContent, onProgress: () => void): Promise<void>;
  /**
   * Writes one pack of several.
   *
   * @param packs the oldest first, all with the columns of the plan.
   * @param onProgress as for {@link write}.
   * @throws what {@link mergePacks} throws, or `onProgress`. Nothing is left then.
   */
  merge(plan: PackPlan, packs: readonly Pack[], how: MergePlan, onProgress: () => void): Promise<void>;
  /** Gives up what it keeps between two packs. Only when nothing is being made. */
  close(): Promise<void>;
}
