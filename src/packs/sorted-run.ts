import type { ReadableFile } from "./checked-file.js";
import { readFully } from "./checked-file.js";
import type { SortedSource } from "./source-heap.js";

/**
 * Sorted entries on their way into a table, in memory or in a file: of each the length of the key (4 bytes), the key,
 * and the ordinal (4 bytes).
 */
export const entryOverhead = 8;

const windowBytes = 64 * 1024;

/** Reads a run from one end to the other. */
export class SortedRun implements SortedSource {
  key: Buffer = Buffer.alloc(0);
  keyLength = 0;
  ordinal = 0;
  readonly #file: ReadableFile | undefined;
  /** What is in memory of it, which in a file ends at `#loaded`. */
  #content: Buffer;
  #at = 0;
  #loaded: number;
  readonly #end: number;

  private constructor(content: Buffer, file: ReadableFile | undefined, position: number, end: number) {
    this.#content = content;
    this.#file = file;
    this.#loaded = position;
    this.#end = end;
  }

  static inMemory(content: Buffer): SortedRun {
    return new SortedRun(content, undefined, 0, 0);
  }

  static inFile(file: ReadableFile, position: number, length: number): SortedRun {
    return new SortedRun(Buffer.alloc(0), file, position, position + length);
  }

  step(): boolean {
    const content = this.#content;
    const left = content.length - this.#at;
    if (left < entryOverhead) return false;
    const length = content.readUInt32BE(this.#at);
    if (left < entryOverhead + length) return false;
    const from = this.#at + 4;
    this.key = content.subarray(from, from + length);
    this.keyLength = length;
    this.ordinal = content.readUInt32BE(from + length);
    this.#at = from + length + 4;
    return true;
  }

  async load(): Promise<boolean> {
    while (this.#file !== undefined && this.#loaded < this.#end) {
      const rest = this.#content.subarray(this.#at);
      const wanted = Math.min(Math.max(windowBytes, rest.length), this.#end - this.#loaded);
      const content = Buffer.allocUnsafeSlow(rest.length + wanted);
      rest.copy(content);
      await readFully(this.#file, content.subarray(rest.length), wanted, this.#loaded);
      this.#content = content;
      this.#at = 0;
      this.#loaded += wanted;
      if (this.step()) return true;
    }
    return false;
  }
}
