import type { CachedPiece } from "./clock-cache.js";
import { checksumBytes } from "./checked-file.js";
import { compareBytes } from "./compare-bytes.js";
import { IndexPiece } from "./index-piece.js";

/** Where the parts of a block stand; see `FORMAT.md`. */
export const blockLayout = {
  count: checksumBytes,
  prefixLength: checksumBytes + 2,
  prefix: checksumBytes + 6,
} as const;

/** What a block weighs in memory besides its bytes, roughly. */
const overhead = 250;

/**
 * Sorted entries of a table, as they stand on disk. What all their keys begin with stands in front once; an entry is the
 * rest of its key and a payload whose length the table knows.
 */
export class Block extends IndexPiece {
  readonly bytes: Buffer;
  /** Which of the table's blocks this is. */
  readonly number: number;
  /** The place in the table of its first entry. */
  readonly firstEntry: number;
  readonly count: number;
  readonly weight: number;
  readonly #payloadBytes: number;
  readonly #prefixEnd: number;
  readonly #entriesAt: number;

  constructor(
    home: (CachedPiece | undefined)[],
    number: number,
    firstEntry: number,
    bytes: Buffer,
    payloadBytes: number,
  ) {
    super(home, number);
    this.bytes = bytes;
    this.number = number;
    this.firstEntry = firstEntry;
    this.weight = bytes.length + overhead;
    this.count = bytes.readUInt16BE(blockLayout.count);
    this.#payloadBytes = payloadBytes;
    this.#prefixEnd = blockLayout.prefix + bytes.readUInt32BE(blockLayout.prefixLength);
    this.#entriesAt = this.#prefixEnd + 2 * this.count;
  }

  /** Where an entry's payload stands; it is what the entry ends in. */
  payloadAt(index: number): number {
    return this.#entryEnd(index) - this.#payloadBytes;
  }

  /** The payload, of a table whose payload is the ordinal of a document. */
  ordinalAt(index: number): number {
    return this.bytes.readUInt32BE(this.payloadAt(index));
  }

  /** Copies a key. @returns its length, which may be more than what there is room for; then nothing is copied. */
  copyKey(index: number, target: Buffer): number {
    const { bytes } = this;
    const start = this.#entryStart(index);
    const end = this.payloadAt(index);
    const length = this.#prefixEnd - blockLayout.prefix + end - start;
    if (length > target.length) return length;
    let to = 0;
    for (let at = blockLayout.prefix; at < this.#prefixEnd; at += 1) target[to++] = bytes[at] as number;
    for (let at = start; at < end; at += 1) target[to++] = bytes[at] as number;
    return length;
  }

  /** An entry's key behind its first `from` bytes, as a binary string. */
  keyText(index: number, from: number): string {
    const prefixLength = this.#prefixEnd - blockLayout.prefix;
    const start = this.#entryStart(index);
    const end = this.payloadAt(index);
    if (from >= prefixLength) return this.bytes.toString("latin1", start + from - prefixLength, end);
    return (
      this.bytes.toString("latin1", blockLayout.prefix + from, this.#prefixEnd) +
      this.bytes.toString("latin1", start, end)
    );
  }

  /** Whether an entry's key begins with these bytes. */
  startsWith(index: number, key: Buffer, length: number): boolean {
    const { bytes } = this;
    const prefixLength = this.#prefixEnd - blockLayout.prefix;
    const start = this.#entryStart(index);
    if (prefixLength + this.payloadAt(index) - start < length) return false;
    const shared = Math.min(length, prefixLength);
    for (let at = 0; at < shared; at += 1) if (bytes[blockLayout.prefix + at] !== key[at]) return false;
    for (let at = prefixLength; at < length; at += 1) if (bytes[start + at - prefixLength] !== key[at]) return false;
    return true;
  }

  /** The first entry whose key is not before this one; `count` if there is none. */
  lowerBound(key: Buffer, length: number): number {
    const { bytes, count } = this;
    const prefixLength = this.#prefixEnd - blockLayout.prefix;
    const shared = Math.min(prefixLength, length);
    const order = compareBytes(bytes, blockLayout.prefix, blockLayout.prefix + shared, key, 0, shared);
    if (order !== 0) return order < 0 ? count : 0;
    if (length <= prefixLength) return 0;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(bytes, this.#entryStart(middle), this.payloadAt(middle), key, prefixLength, length) < 0)
        low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether an entry's key is exactly this one. */
  isKey(index: number, key: Buffer, length: number): boolean {
    const start = this.#entryStart(index);
    return (
      this.#prefixEnd - blockLayout.prefix + this.payloadAt(index) - start === length &&
      this.startsWith(index, key, length)
    );
  }

  #entryStart(index: number): number {
    const at = this.#prefixEnd + 2 * index;
    return this.#entriesAt + (((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number));
  }

  #entryEnd(index: number): number {
    return index + 1 < this.count ? this.#entryStart(index + 1) : this.bytes.length;
  }
}
