import { Readable } from "node:stream";
import type { ByteRange } from "../collections/index.js";
import { HoldfastError } from "../errors.js";
import type { OpenFile } from "../files/file-system.js";
import { storageError } from "../files/storage-error.js";

/** How much is read at once, in bytes. */
const chunkBytes = 64 * 1024;

/**
 * Reads an open file and closes it at the end, or when it is destroyed. It reads through the descriptor: the bytes stay
 * there until it is closed, also if the name is removed.
 */
export class BlobStream extends Readable {
  readonly #file: OpenFile;
  readonly #last: number;
  #position: number;
  #reading: Promise<void> | undefined;

  /** @param range within the file; `undefined` for a file without bytes. */
  constructor(file: OpenFile, range: ByteRange | undefined) {
    super({ highWaterMark: chunkBytes });
    this.#file = file;
    this.#position = range?.first ?? 0;
    this.#last = range?.last ?? -1;
  }

  override _read(): void {
    this.#reading = this.#readOn();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    // Not while a read is under way: the descriptor's number might be another file's before it has ended.
    Promise.resolve(this.#reading)
      .then(() => this.#file.close())
      .then(
        () => {
          callback(error);
        },
        (closing: unknown) => {
          callback(error ?? storageError(closing, "close", this.#file.path));
        },
      );
  }

  /** Never rejects: what goes wrong is the stream's failure. */
  async #readOn(): Promise<void> {
    const length = Math.min(chunkBytes, this.#last + 1 - this.#position);
    if (length <= 0) {
      this.push(null);
      return;
    }
    const buffer = Buffer.allocUnsafe(length);
    let count: number;
    try {
      count = await this.#file.read(buffer, 0, length, this.#position);
    } catch (error) {
      this.#fail(storageError(error, "read bytes", this.#file.path));
      return;
    }
    if (count === 0) {
      const missing = this.#last + 1 - this.#position;
      const { path } = this.#file;
      this.#fail(new HoldfastError("CORRUPT", `${path} ends ${missing} bytes too soon.`, { details: { path } }));
      return;
    }
    this.#position += count;
    this.push(buffer.subarray(0, count));
  }

  #fail(error: HoldfastError): void {
    // The read is over; destroying waits for it.
    this.#reading = undefined;
    this.destroy(error);
  }
}
