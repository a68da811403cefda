import { writeFully, type FileSystem } from "../files/file-system.js";
import { isAbsent } from "../files/node-file-system.js";
import { replaceFileDurably } from "../files/replace-file.js";
import { isFullDisk } from "../files/storage-error.js";

/** Smaller than the smallest journal segment, so that giving it up can not make the store believe there is space again. */
const reserveBytes = 128 * 1024;

/**
 * Disk space set aside for the day there is none: given up when the disk is full, so that deletions can be checkpointed
 * and the status still be reported; taken back when there is space again.
 */
export class Reserve {
  readonly #fileSystem: FileSystem;
  readonly #path: string;

  constructor(fileSystem: FileSystem, path: string) {
    this.#fileSystem = fileSystem;
    this.#path = path;
  }

  /** Replaces a small file durably, drawing on the reserve if there is no other space. */
  async replace(path: string, bytes: Uint8Array): Promise<void> {
    try {
      await replaceFileDurably(this.#fileSystem, path, bytes);
    } catch (error) {
      if (!isFullDisk(error)) throw error;
      await this.release();
      await replaceFileDurably(this.#fileSystem, path, bytes);
    }
  }

  async release(): Promise<void> {
    try {
      await this.#fileSystem.remove(this.#path);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }

  /** Sets the space aside, unless it is already or there is none. */
  async establish(): Promise<void> {
    if ((await this.#fileSystem.status(this.#path))?.size === reserveBytes) return;
    await this.release();
    try {
      const file = await this.#fileSystem.open(this.#path, "create");
      try {
        // Real bytes: a hole takes no space, and so sets none aside.
        await writeFully(file, Buffer.alloc(reserveBytes, "reserve "), 0);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      if (!isFullDisk(error)) throw error;
      await this.release();
    }
  }
}
