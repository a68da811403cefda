import { createHash } from "node:crypto";
import { join } from "node:path";
import { writeFully, type FileSystem, type OpenFile } from "../files/file-system.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import { temporaryName } from "../files/temporary-name.js";

/** A stretch of a spool. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

const chunkBytes = 256 * 1024;

/**
 * A file for the time being: what is appended can be read again in any order, and all of it goes at the end. Readable for
 * its owner only, since prompts go through it.
 */
export class Spool implements AsyncDisposable {
  readonly #fileSystem: FileSystem;
  readonly #path: string;
  readonly #writing: OpenFile;
  readonly #reading: OpenFile;
  #end = 0;

  private constructor(fileSystem: FileSystem, path: string, writing: OpenFile, reading: OpenFile) {
    this.#fileSystem = fileSystem;
    this.#path = path;
    this.#writing = writing;
    this.#reading = reading;
  }

  static async begin(fileSystem: FileSystem, folder: string): Promise<Spool> {
    const path = temporaryName(join(folder, "holdfast-spool"));
    const writing = await fileSystem.open(path, "create");
    try {
      return new Spool(fileSystem, path, writing, await fileSystem.open(path, "read"));
    } catch (error) {
      await writing.close();
      await removeIfPresent(fileSystem, path);
      throw error;
    }
  }

  /** Calls may overlap: each has its place before anything is written. */
  async append(bytes: Uint8Array): Promise<Stretch> {
    const stretch = { offset: this.#end, length: bytes.length };
    this.#end += bytes.length;
    await writeFully(this.#writing, bytes, stretch.offset);
    return stretch;
  }

  /** Appends what a file holds. Not beside other calls. */
  async appendFile(path: string): Promise<Stretch & { readonly sha256: string }> {
    const file = await this.#fileSystem.open(path, "read");
    try {
      const offset = this.#end;
      const hash = createHash("sha256");
      const buffer = Buffer.allocUnsafe(chunkBytes);
      for (let position = 0; ;) {
        const count = await file.read(buffer, 0, chunkBytes, position);
        if (count === 0) return { offset, length: position, sha256: hash.digest("hex") };
        hash.update(buffer.subarray(0, count));
        await this.append(buffer.subarray(0, count));
        position += count;
      }
    } finally {
      await file.close();
    }
  }

  async read({ offset, length }: Stretch): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    for (let filled = 0; filled < length;) {
      const count = await this.#reading.read(buffer, filled, length - filled, offset + filled);
      if (count === 0) throw new Error(`${this.#path} ends at ${offset + filled}, within what was written to it`);
      filled += count;
    }
    return buffer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reading.close();
    await this.#writing.close();
    await removeIfPresent(this.#fileSystem, this.#path);
  }
}
