import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { isAbsent } from "../files/node-file-system.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import { sealJson } from "../files/sealed-json.js";
import type { Checkpoint } from "./checkpoint-file.js";
import type { Reserve } from "./reserve.js";

export interface WrittenCheckpointParts {
  readonly fileSystem: FileSystem;
  readonly layout: Layout;
  readonly reserve: Reserve;
  /** The last one that is whole; `undefined` in a new directory, or if it was damaged. */
  readonly checkpoint: Checkpoint | undefined;
  /** Whether recovery put other packs in the place of those that it lists. */
  readonly isListStale: boolean;
}

/**
 * `checkpoint.json`, and what becomes of the packs of a list that failed to be written.
 *
 * A replacement that fails after its rename, because the folder can not be synced, leaves two lists, and a crash decides
 * which of them is there. The packs of both must be there then. So those of the new list are kept until the old list, or
 * another one, was made durable.
 */
export class WrittenCheckpoint {
  readonly #parts: WrittenCheckpointParts;
  #content: Checkpoint | undefined;
  #isStale: boolean;
  #isInDoubt = false;
  /** Removes the packs of lists that are in doubt, and those whose removal failed. */
  #removals: (() => Promise<void>)[] = [];

  constructor(parts: WrittenCheckpointParts) {
    this.#parts = parts;
    this.#content = parts.checkpoint;
    this.#isStale = parts.isListStale;
  }

  /** Whether it must be written though nothing was committed. */
  get isStale(): boolean {
    return this.#isStale;
  }

  /** What was last made durable. */
  get content(): Checkpoint | undefined {
    return this.#content;
  }

  /** Replaces the file durably. Whatever it lists must be durable by now. */
  async write(checkpoint: Checkpoint): Promise<void> {
    await this.#replace(checkpoint);
    this.#isStale = false;
  }

  async #replace(checkpoint: Checkpoint): Promise<void> {
    const bytes = sealJson(checkpoint);
    try {
      await this.#parts.reserve.replace(this.#parts.layout.checkpoint, bytes);
    } catch (error) {
      this.#isInDoubt ||= await this.#isThere(bytes);
      throw error;
    }
    this.#content = checkpoint;
    this.#isInDoubt = false;
  }

  /**
   * Ends the doubt about which list a crash would leave. Comes before new packs are written, which may have the names of
   * those that are in doubt: removed later, those would take the new ones along. So every removal is tried, and one that
   * fails is tried anew by the next call.
   *
   * @throws the disk's first error: then nothing may be begun that writes or removes packs.
   */
  async settle(): Promise<void> {
    if (this.#isInDoubt) {
      if (this.#content === undefined) {
        const { fileSystem, layout } = this.#parts;
        await removeIfPresent(fileSystem, layout.checkpoint);
        await fileSystem.syncDirectory(layout.root);
        this.#isInDoubt = false;
      } else await this.#replace(this.#content);
    }
    const failures: unknown[] = [];
    for (const remove of this.#removals.splice(0)) {
      try {
        await remove();
      } catch (error) {
        this.#removals.push(remove);
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /**
   * Gives up packs of a list that could not be written: at once, if no crash can bring that list up. Never fails, for
   * whoever calls it has an error to tell already: what can not be removed is left to {@link settle}, which tells why.
   */
  async giveUp(removal: () => Promise<void>): Promise<void> {
    if (!this.#isInDoubt) {
      try {
        await removal();
        return;
      } catch (error) {
        process.emitWarning(`Holdfast could not remove a pack that is not listed, and tries again: ${String(error)}`);
      }
    }
    this.#removals.push(removal);
  }

  async #isThere(bytes: Buffer): Promise<boolean> {
    try {
      return (await this.#parts.fileSystem.readFile(this.#parts.layout.checkpoint)).equals(bytes);
    } catch (error) {
      // What can not be read may be there.
      return !isAbsent(error);
    }
  }
}
