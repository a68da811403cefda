import { readFully, type ReadableFile } from "./checked-file.js";

/** A stretch of a file in memory, for those who read it from one end to the other. */
export class Window {
  readonly #file: ReadableFile;
  readonly #bytes: number;
  #content = Buffer.alloc(0);
  #start = 0;

  /** @param bytes how much is read at once. */
  constructor(file: ReadableFile, bytes: number) {
    this.#file = file;
    this.#bytes = bytes;
  }

  has(position: number, length: number): boolean {
    return position >= this.#start && position + length <= this.#start + this.#content.length;
  }

  /** What {@link has} is there. It stays as it is when the window moves on. */
  part(position: number, length: number): Buffer {
    return this.#content.subarray(position - this.#start, position - this.#start + length);
  }

  /**
   * Moves on to a position, and reads at least so many bytes, but none from `end` on.
   *
   * @throws HoldfastError `CORRUPT`, `STORAGE_FAILED`
   */
  async move(position: number, length: number, end: number): Promise<void> {
    const wanted = Math.max(length, Math.min(this.#bytes, end - position));
    const content = Buffer.allocUnsafeSlow(wanted);
    await readFully(this.#file, content, wanted, position);
    this.#content = content;
    this.#start = position;
  }
}
