import { readFully, type ReadableFile } from "./checked-file.js";

/** A stretch of a file in memory, for those who read it from one end to the other. */
export class Window {
  readonly #file: ReadableFile;
  readonly #bytes: number;
  readonly #room: Buffer | undefined;
  #content: Buffer = Buffer.alloc(0);
  #start = 0;

  /**
   * @param bytes how much is read at once.
   * @param parts whether they are to stay as they are when the window moves on. If not, its memory is used over and over,
   * which for much that is read spares the runtime collections of garbage.
   */
  constructor(file: ReadableFile, bytes: number, parts: "stay" | "pass") {
    this.#file = file;
    this.#bytes = bytes;
    this.#room = parts === "pass" ? Buffer.allocUnsafeSlow(bytes) : undefined;
  }

  has(position: number, length: number): boolean {
    return position >= this.#start && position + length <= this.#start + this.#content.length;
  }

  /** What {@link has} is there. */
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
    const room = this.#room !== undefined && wanted <= this.#room.length ? this.#room : Buffer.allocUnsafeSlow(wanted);
    const content = room.subarray(0, wanted);
    this.#content = content.subarray(0, 0);
    await readFully(this.#file, content, wanted, position);
    this.#content = content;
    this.#start = position;
  }
}
