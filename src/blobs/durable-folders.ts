import type { FileSystem } from "../files/file-system.js";
import { makeDirectories } from "../files/make-directories.js";
import { storageError } from "../files/storage-error.js";

/**
 * Folders that are there, and durably so. Of several that need one at once, the first makes it and the others wait: the
 * folder can be seen before its name is durable, and what is put into it is only as durable as that.
 */
export class DurableFolders {
  readonly #fileSystem: FileSystem;
  readonly #made = new Map<string, Promise<void>>();

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  async make(path: string): Promise<void> {
    let made = this.#made.get(path);
    if (made === undefined) {
      made = this.#make(path);
      this.#made.set(path, made);
    }
    await made;
  }

  /** Someone may have taken the folder away: the next that needs it makes it anew. */
  forget(path: string): void {
    this.#made.delete(path);
  }

  async #make(path: string): Promise<void> {
    try {
      await makeDirectories(this.#fileSystem, path);
    } catch (error) {
      this.forget(path);
      throw storageError(error, "make a folder", path);
    }
  }
}
