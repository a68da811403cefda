import { blockLayout } from "./block.js";
import { pieceChecksum } from "./checked-file.js";
import { commonPrefix } from "./compare-bytes.js";
import type { TableExtent } from "./index-directory.js";
import { KeyBytes } from "./key-bytes.js";
import type { Output } from "./output.js";
import { rootLayout } from "./table-root.js";

/**
 * How large a block gets, unless one entry alone is larger: so each entry but the last begins within these bytes, and two
 * are enough to say where.
 */
const blockBytes = 4096;

/** Writes a table from entries that come in the order of their keys. */
export class TableWriter {
  readonly #output: Output;
  readonly #offset: number;
  readonly #rows: { end: number; readonly firstEntry: number; readonly keyEnd: number }[] = [];
  /** The keys that part the blocks, one behind the other. */
  readonly #separators = new KeyBytes();
  /** The entries of the block under construction, each with its whole key. */
  readonly #pending = new KeyBytes();
  #starts: number[] = [];
  /** How many bytes the keys of the block begin with in common. */
  #prefixLength = 0;
  /** The last key of the block under construction or, while that is empty, of the one before. */
  #lastKey = Buffer.alloc(256);
  #lastKeyLength = 0;
  #entries = 0;

  constructor(output: Output) {
    this.#output = output;
    this.#offset = output.position;
  }

  get entries(): number {
    return this.#entries;
  }

  /** @param key which is greater than all before it; @param payload as long as every payload of the table. */
  add(key: Buffer, keyLength: number, payload: Buffer, payloadFrom: number, payloadTo: number): void {
    const common = commonPrefix(this.#lastKey, 0, this.#lastKeyLength, key, 0, keyLength);
    const more = keyLength + payloadTo - payloadFrom;
    if (this.#starts.length > 0 && this.#sizeWith(more, common) > blockBytes) this.#endBlock();
    if (this.#starts.length === 0) {
      // The shortest key that comes behind everything before: what is common, and one byte more.
      if (this.#entries > 0) this.#separators.appendBytes(key, 0, Math.min(common + 1, keyLength));
      this.#rows.push({ end: 0, firstEntry: this.#entries, keyEnd: this.#separators.length });
      this.#prefixLength = keyLength;
    } else if (common < this.#prefixLength) {
      this.#prefixLength = common;
    }
    this.#starts.push(this.#pending.length);
    this.#pending.appendBytes(key, 0, keyLength).appendBytes(payload, payloadFrom, payloadTo);
    this.#rememberKey(key, keyLength);
    this.#entries += 1;
  }

  /** Writes the root. @returns where the table stands. */
  end(): TableExtent {
    if (this.#starts.length > 0) this.#endBlock();
    const blocksEnd = this.#output.position;
    const rowsEnd = rootLayout.rows + this.#rows.length * rootLayout.rowBytes;
    const root = Buffer.alloc(rowsEnd + this.#separators.length);
    root.writeUInt32BE(this.#rows.length, rootLayout.blocks);
    let at: number = rootLayout.rows;
    for (const { end, firstEntry, keyEnd } of this.#rows) {
      root.writeUIntBE(end, at, 6);
      root.writeUInt32BE(firstEntry, at + 6);
      root.writeUInt32BE(keyEnd, at + 10);
      at += rootLayout.rowBytes;
    }
    this.#separators.bytes.copy(root, rowsEnd, 0, this.#separators.length);
    root.writeUInt32BE(pieceChecksum(root, blocksEnd), 0);
    this.#output.append(root, 0, root.length);
    return {
      offset: this.#offset,
      blockBytes: blocksEnd - this.#offset,
      rootBytes: root.length,
      entries: this.#entries,
    };
  }

  /** How large the block would be with an entry of so many bytes, which shares so many with the one before. */
  #sizeWith(more: number, common: number): number {
    const count = this.#starts.length + 1;
    const prefixLength = Math.min(this.#prefixLength, common);
    return blockLayout.prefix + prefixLength + 2 * count + this.#pending.length + more - count * prefixLength;
  }

  #endBlock(): void {
    const count = this.#starts.length;
    const prefixLength = this.#prefixLength;
    const offsetsAt = blockLayout.prefix + prefixLength;
    const entriesAt = offsetsAt + 2 * count;
    const block = Buffer.allocUnsafe(entriesAt + this.#pending.length - count * prefixLength);
    const pending = this.#pending.bytes;
    block.writeUInt16BE(count, blockLayout.count);
    block.writeUInt32BE(prefixLength, blockLayout.prefixLength);
    pending.copy(block, blockLayout.prefix, 0, prefixLength);
    let at = entriesAt;
    for (let index = 0; index < count; index += 1) {
      block.writeUInt16BE(at - entriesAt, offsetsAt + 2 * index);
      const end = this.#starts[index + 1] ?? this.#pending.length;
      for (let from = (this.#starts[index] as number) + prefixLength; from < end; from += 1) {
        block[at++] = pending[from] as number;
      }
    }
    block.writeUInt32BE(pieceChecksum(block, this.#output.position), 0);
    this.#output.append(block, 0, block.length);
    const row = this.#rows.at(-1);
    if (row !== undefined) row.end = this.#output.position - this.#offset;
    this.#starts = [];
    this.#pending.clear();
  }

  #rememberKey(key: Buffer, length: number): void {
    if (length > this.#lastKey.length) this.#lastKey = Buffer.allocUnsafe(length * 2);
    for (let at = 0; at < length; at += 1) this.#lastKey[at] = key[at] as number;
    this.#lastKeyLength = length;
  }
}
