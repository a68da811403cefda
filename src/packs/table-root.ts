import type { CachedPiece } from "./clock-cache.js";
import { checksumBytes } from "./checked-file.js";
import { compareBytes } from "./compare-bytes.js";
import { IndexPiece } from "./index-piece.js";

/** Where the parts of a root stand, and how long the row of a block is; see `FORMAT.md`. */
export const rootLayout = { blocks: checksumBytes, rows: checksumBytes + 4, rowBytes: 14 } as const;

/** The directory of a table: which keys and which entries each of its blocks has, and where it stands. */
export class TableRoot extends IndexPiece {
  readonly blocks: number;
  readonly weight: number;
  readonly #keys: Buffer;
  /** Where each block ends, counted from the beginning of the table. */
  readonly #ends: Float64Array;
  readonly #firstEntries: Uint32Array;
  /** Where the key that parts a block from the one before it ends among the keys. */
  readonly #keyEnds: Uint32Array;

  constructor(home: (CachedPiece | undefined)[], bytes: Buffer) {
    super(home, 0);
    this.blocks = bytes.readUInt32BE(rootLayout.blocks);
    this.#ends = new Float64Array(this.blocks);
    this.#firstEntries = new Uint32Array(this.blocks);
    this.#keyEnds = new Uint32Array(this.blocks);
    const keysAt = rootLayout.rows + this.blocks * rootLayout.rowBytes;
    for (let block = 0, at: number = rootLayout.rows; block < this.blocks; block += 1, at += rootLayout.rowBytes) {
      this.#ends[block] = bytes.readUIntBE(at, 6);
      this.#firstEntries[block] = bytes.readUInt32BE(at + 6);
      this.#keyEnds[block] = bytes.readUInt32BE(at + 10);
    }
    // The rows were taken over, and a root is large: only its keys are kept.
    this.#keys = Buffer.allocUnsafeSlow(bytes.length - keysAt);
    bytes.copy(this.#keys, 0, keysAt);
    this.weight = this.#keys.length + this.blocks * 16 + 500;
  }

  start(block: number): number {
    return block === 0 ? 0 : (this.#ends[block - 1] as number);
  }

  end(block: number): number {
    return this.#ends[block] as number;
  }

  firstEntry(block: number): number {
    return this.#firstEntries[block] as number;
  }

  /** The key that parts a block from the one before: greater than all before, not greater than any of it. */
  separator(block: number): Buffer {
    return this.#keys.subarray(block === 0 ? 0 : this.#keyEnds[block - 1], this.#keyEnds[block]);
  }

  /** The block in which a key stands, if it stands anywhere; 0 also for what is before everything. */
  blockOf(key: Buffer, length: number): number {
    let low = 1;
    let high = this.blocks;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const from = this.#keyEnds[middle - 1] as number;
      if (compareBytes(this.#keys, from, this.#keyEnds[middle] as number, key, 0, length) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The block that has an entry. */
  blockOfEntry(entry: number): number {
    let low = 1;
    let high = this.blocks;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#firstEntries[middle] as number) <= entry) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
