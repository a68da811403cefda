import { writeFully, type FileSystem, type OpenFile } from "../files/file-system.js";
import { isAbsent } from "../files/node-file-system.js";
import { replaceFileDurably } from "../files/replace-file.js";
import { isFullDisk } from "../files/storage-error.js";

/** Smaller than the smallest journal segment, so that giving it up can not make the store believe there is space again. */
const reserveBytes = 128 * 1024;
/** No more than a small file takes: what is given up beyond its need, another process may take for good. */
const sliceBytes = 4 * 1024;
/** Real bytes: a hole takes no space, and so sets none aside. */
const slice = Buffer.alloc(sliceBytes, "reserve ");

/**
 * Disk space set aside for the day there is none. The small files that must be written even then, the status and the
 * checkpoint, draw on it slice by slice, so that nobody else gets hold of the rest, and put back what they can. Documents
 * do not: there are always more of them than a reserve could hold.
 */
export class Reserve {
  /** How much it sets aside. */
  static readonly bytes = reserveBytes;
  readonly #fileSystem: FileSystem;
  readonly #path: string;

  constructor(fileSystem: FileSystem, path: string) {
    this.#fileSystem = fileSystem;
    this.#path = path;
  }

  /** Replaces a small file durably, drawing on the reserve if there is no other space. */
  async replace(path: string, bytes: Uint8Array): Promise<void> {
    await this.attempt(() => replaceFileDurably(this.#fileSystem, path, bytes));
  }

  /**
   * Does what can be begun again after a failure, drawing on the reserve each time the disk is full, and puts back what
   * it left over: the file that was replaced has given its space back.
   */
  async attempt<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let draws = 0; ; draws += 1) {
      try {
        const result = await work();
        if (draws > 0) await this.establish();
        return result;
      } catch (error) {
        if (!isFullDisk(error) || !(await this.draw())) throw error;
      }
    }
  }

  /** Sets aside what is missing of it, as far as there is space. */
  async establish(): Promise<void> {
    const present = await this.#fileSystem.status(this.#path);
    if (present?.size === reserveBytes) return;
    try {
      const file = await this.#fileSystem.open(this.#path, present === undefined ? "create" : "truncate");
      await this.#within(file, async () => {
        for (let size = present?.size ?? 0; size < reserveBytes; size += sliceBytes) {
          await writeFully(file, slice.subarray(0, Math.min(sliceBytes, reserveBytes - size)), size);
        }
        await file.sync();
      });
    } catch (error) {
      // Whoever reports the status may be drawing on it, or setting it aside, at this very moment.
      if (!isFullDisk(error) && !isAbsent(error) && !isTaken(error)) throw error;
    }
  }

  /** Gives up a slice. @returns false if there is nothing left. */
  async draw(): Promise<boolean> {
    try {
      const file = await this.#fileSystem.open(this.#path, "truncate");
      return await this.#within(file, async () => {
        const size = await file.size();
        if (size === 0) return false;
        await file.truncate(Math.max(0, size - sliceBytes));
        return true;
      });
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  async #within<Result>(file: OpenFile, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } finally {
      await file.close();
    }
  }
}

function isTaken(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "EEXIST";
}
