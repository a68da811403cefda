import { join } from "node:path";
import { isFullDisk } from "../files/storage-error.js";
import { writeFully, type FileSystem } from "../files/file-system.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import { temporaryName } from "../files/temporary-name.js";

/** A file of zeros, on disk, that is to become a segment. */
export interface PreparedSegment {
  readonly path: string;
  readonly size: number;
}

/** What {@link SegmentSupply} needs to know. */
export interface SegmentSupplyOptions {
  readonly firstBytes: number;
  readonly largestBytes: number;
  /** The size of the segment that stands by for an opening on a full disk. */
  readonly standbyBytes: number;
}

const standbyName = "standby";
const zeros = Buffer.alloc(1024 * 1024);
const smallestBytes = 256 * 1024;

/**
 * Keeps the next segment ready. It is written with real zeros and synced *before* any record goes into it: a commit
 * then changes no file metadata, so it costs one flush of the device and no commit of the file system's own journal;
 * and a full disk is met here, where nothing has been promised yet.
 */
export class SegmentSupply {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #largestBytes: number;
  readonly #standbyBytes: number;
  #nextBytes: number;
  #ready: PreparedSegment | undefined;
  #preparing: Promise<void> | undefined;

  constructor(fileSystem: FileSystem, directory: string, options: SegmentSupplyOptions) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    this.#nextBytes = options.firstBytes;
    this.#largestBytes = options.largestBytes;
    this.#standbyBytes = options.standbyBytes;
  }

  get isReady(): boolean {
    return this.#ready !== undefined;
  }

  /**
   * Whether there is room for a small segment, by what the file system counts. To try it out instead would take, for a
   * moment, the last bytes of a full disk from whoever deletes documents or reports the status.
   */
  async hasRoom(): Promise<boolean> {
    return (await this.#freeBytes()) >= Math.min(this.#nextBytes, smallestBytes) + this.#standbyBytes;
  }

  /** Starts preparing the next segment, unless there is one. @throws the system's error, a full disk among them. */
  async prepare(atLeastBytes = 0): Promise<void> {
    if (this.#ready !== undefined && this.#ready.size >= atLeastBytes) return;
    if (this.#preparing !== undefined) {
      await this.#preparing;
      await this.prepare(atLeastBytes);
      return;
    }
    this.#preparing = this.#prepare(atLeastBytes).finally(() => {
      this.#preparing = undefined;
    });
    await this.#preparing;
  }

  /** Hands over a segment of at least so many bytes, preparing one if need be. */
  async take(atLeastBytes: number): Promise<PreparedSegment> {
    await this.prepare(atLeastBytes);
    const segment = this.#ready;
    if (segment === undefined) return this.take(atLeastBytes);
    this.#ready = undefined;
    return segment;
  }

  /**
   * Keeps a small segment for the day an owner finds the disk full when it opens the directory. It takes no space then:
   * it only gets its name. If there is no space for it now, there is none.
   */
  async establishStandby(): Promise<void> {
    const path = join(this.#directory, standbyName);
    if ((await this.#fileSystem.status(path))?.size === this.#standbyBytes) return;
    try {
      const written = await this.#write(this.#standbyBytes);
      await this.#fileSystem.rename(written.path, path);
      await this.#fileSystem.syncDirectory(this.#directory);
    } catch (error) {
      if (!isFullDisk(error)) throw error;
    }
  }

  /**
   * Takes the segment that stands by out of the place that everybody knows: an owner that was taken over while it was
   * setting one aside may still rename its own there, and would otherwise put it under the name of the one in use. A
   * crash right after it leaves a temporary file, which recovery removes; its space is then free to set one aside anew.
   *
   * @returns `undefined` if there is none, or none large enough.
   */
  async takeStandby(atLeastBytes: number): Promise<PreparedSegment | undefined> {
    const standby = join(this.#directory, standbyName);
    const size = (await this.#fileSystem.status(standby))?.size ?? 0;
    if (size < atLeastBytes) return undefined;
    const path = temporaryName(join(this.#directory, "next"));
    await this.#fileSystem.rename(standby, path);
    // Zeros again, whatever its maker has left of it.
    const file = await this.#fileSystem.open(path, "write-through");
    try {
      for (let position = 0; position < size; position += zeros.length) {
        await writeFully(file, zeros.subarray(0, Math.min(zeros.length, size - position)), position);
      }
    } finally {
      await file.close();
    }
    return { path, size };
  }

  /** Removes what was prepared and not taken; a later owner may have swept it away. */
  async close(): Promise<void> {
    try {
      await this.#preparing;
    } finally {
      const unused = this.#ready;
      this.#ready = undefined;
      if (unused !== undefined) await removeIfPresent(this.#fileSystem, unused.path);
    }
  }

  async #prepare(atLeastBytes: number): Promise<void> {
    const unfit = this.#ready;
    this.#ready = undefined;
    if (unfit !== undefined) await removeIfPresent(this.#fileSystem, unfit.path);
    let size = Math.max(this.#nextBytes, atLeastBytes);
    const least = Math.max(smallestBytes, atLeastBytes);
    const freeBytes = await this.#freeBytes();
    while (size > least && size > freeBytes) size = Math.max(least, Math.floor(size / 4));
    for (;;) {
      try {
        this.#ready = await this.#write(size);
        // A store that has filled one segment will fill more: larger ones mean fewer changes of segment.
        this.#nextBytes = Math.min(this.#largestBytes, this.#nextBytes * 4);
        return;
      } catch (error) {
        // A nearly full disk may still have room for a small segment.
        if (!isFullDisk(error) || size <= least) throw error;
        size = Math.max(least, Math.floor(size / 4));
      }
    }
  }

  /** Where nothing is counted, only trying tells. A quota may allow less than is free: then trying tells as well. */
  async #freeBytes(): Promise<number> {
    const { freeBytes, totalBytes } = await this.#fileSystem.space(this.#directory);
    return totalBytes === 0 ? Number.POSITIVE_INFINITY : freeBytes;
  }

  async #write(size: number): Promise<PreparedSegment> {
    const path = temporaryName(join(this.#directory, "next"));
    const file = await this.#fileSystem.open(path, "create");
    try {
      for (let position = 0; position < size; position += zeros.length) {
        await writeFully(file, zeros.subarray(0, Math.min(zeros.length, size - position)), position);
      }
      await file.sync();
    } catch (error) {
      // Give the space back at once: it may be the last there is.
      await this.#fileSystem.remove(path);
      throw error;
    } finally {
      await file.close();
    }
    return { path, size };
  }
}
