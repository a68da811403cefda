import type { ReadableFile } from "./checked-file.js";
import type { Output } from "./output.js";

/** An index that is not on disk, for those who may write nothing: what is appended can be read as a file is. */
export class MemoryFile implements Output, ReadableFile {
  readonly path: string;
  /** There is nothing to flush to. */
  readonly isFull = false;
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #length = 0;

  /** @param path what stands for it in messages. */
  constructor(path: string) {
    this.path = path;
  }

  get position(): number {
    return this.#length;
  }

  append(bytes: Buffer, from: number, to: number): void {
    const needed = this.#length + to - from;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    bytes.copy(this.#bytes, this.#length, from, to);
    this.#length = needed;
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  readNow(buffer: Uint8Array, offset: number, length: number, position: number): number {
    const part = this.#bytes.subarray(position, Math.min(this.#length, position + length));
    buffer.set(part, offset);
    return part.length;
  }

  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return Promise.resolve(this.readNow(buffer, offset, length, position));
  }

  size(): Promise<number> {
    return Promise.resolve(this.#length);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
