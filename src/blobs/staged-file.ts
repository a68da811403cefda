import { createHash } from "node:crypto";
import { join } from "node:path";
import { writeFully, type FileSystem, type OpenFile } from "../files/file-system.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import { storageError } from "../files/storage-error.js";
import { temporaryName } from "../files/temporary-name.js";

/** Bytes on their way in: a file under a random name that no reader looks at, counted and hashed as it grows. */
export class StagedFile {
  readonly #fileSystem: FileSystem;
  readonly #file: OpenFile;
  readonly #hash = createHash("sha256");
  #size = 0;
  #isOpen = true;

  private constructor(fileSystem: FileSystem, file: OpenFile) {
    this.#fileSystem = fileSystem;
    this.#file = file;
  }

  static async create(fileSystem: FileSystem, folder: string): Promise<StagedFile> {
    const path = temporaryName(join(folder, "blob"));
    try {
      return new StagedFile(fileSystem, await fileSystem.open(path, "create"));
    } catch (error) {
      throw storageError(error, "begin to store bytes", path);
    }
  }

  get path(): string {
    return this.#file.path;
  }

  /** How many bytes have been written. */
  get size(): number {
    return this.#size;
  }

  async append(chunk: Uint8Array): Promise<void> {
    try {
      await writeFully(this.#file, chunk, this.#size);
    } catch (error) {
      throw storageError(error, "store bytes", this.path);
    }
    this.#hash.update(chunk);
    this.#size += chunk.length;
  }

  /**
   * Makes the bytes durable; their name is not yet. A sync that failed is never tried again: the system may have dropped
   * the bytes by then, and would call the second one a success.
   *
   * @returns the SHA-256 of the bytes.
   */
  async finish(): Promise<string> {
    try {
      await this.#file.sync();
      const size = await this.#file.size();
      if (size !== this.#size) throw new Error(`it holds ${size} bytes instead of the ${this.#size} written to it`);
      await this.#close();
    } catch (error) {
      throw storageError(error, "make bytes durable", this.path);
    }
    return this.#hash.digest("hex");
  }

  /** Leaves nothing of it, so that a full disk gets its space back. May be called whatever became of it. */
  async discard(): Promise<void> {
    try {
      await this.#close();
    } finally {
      await removeIfPresent(this.#fileSystem, this.path);
    }
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    // Whatever closing says: the descriptor is gone, and a second close might hit another file's.
    this.#isOpen = false;
    await this.#file.close();
  }
}
