import { crc32 } from "node:zlib";
import { corrupt, readFully, type ReadableFile } from "./checked-file.js";

const windowBytes = 256 * 1024;
const lineFeed = 0x0a;

/** Reads the lines of a pack without an index. */
export class LineScan {
  /** The line it is on, with its end. */
  line: Buffer = Buffer.alloc(0);
  /** Where that begins. */
  offset = 0;
  /** CRC-32 of everything that was read. */
  checksum = 0;
  readonly #file: ReadableFile;
  readonly #size: number;
  #content = Buffer.alloc(0);
  /** Where in the file the content begins, and where in the content the next line does. */
  #start = 0;
  #at = 0;

  constructor(file: ReadableFile, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** Goes to the next line, if that is in memory. @returns whether it did. */
  step(): boolean {
    const end = this.#content.indexOf(lineFeed, this.#at);
    if (end < 0) return false;
    this.line = this.#content.subarray(this.#at, end + 1);
    this.offset = this.#start + this.#at;
    this.#at = end + 1;
    return true;
  }

  /**
   * Reads on, and goes to the next line.
   *
   * @returns false at the end.
   * @throws HoldfastError `CORRUPT` if the last line has no end; `STORAGE_FAILED`
   */
  async load(): Promise<boolean> {
    for (;;) {
      const rest = this.#content.subarray(this.#at);
      const position = this.#start + this.#content.length;
      const wanted = Math.min(Math.max(windowBytes, rest.length), this.#size - position);
      if (wanted === 0) {
        if (rest.length > 0) throw corrupt(this.#file.path, position - rest.length, "has a line without an end");
        return false;
      }
      const content = Buffer.allocUnsafeSlow(rest.length + wanted);
      rest.copy(content);
      const added = content.subarray(rest.length);
      await readFully(this.#file, added, wanted, position);
      this.checksum = crc32(added, this.checksum);
      this.#content = content;
      this.#start = position - rest.length;
      this.#at = 0;
      if (this.step()) return true;
    }
  }
}
