import { Block } from "./block.js";
import { checkPiece } from "./checked-file.js";
import type { SortedSource } from "./source-heap.js";
import type { TableRoot } from "./table-root.js";
import type { Table } from "./table.js";
import { Window } from "./window.js";

const windowBytes = 128 * 1024;

/**
 * Reads a table from one end to the other, in large pieces and past the cache, which what is read once would only empty.
 */
export class TableScan implements SortedSource {
  key: Buffer = Buffer.allocUnsafe(256);
  keyLength = 0;
  /** The block it is in; undefined before the first entry. */
  block: Block | undefined;
  index = 0;
  readonly #table: Table;
  readonly #window: Window;
  #root: TableRoot | undefined;
  /** The next block. */
  #number = 0;

  constructor(table: Table) {
    this.#table = table;
    this.#window = new Window(table.file, windowBytes, "stay");
  }

  /** @throws HoldfastError `CORRUPT` */
  step(): boolean {
    if (this.block === undefined || this.index + 1 >= this.block.count) return this.#enterBlock();
    this.index += 1;
    this.#takeKey(this.block);
    return true;
  }

  /** @throws HoldfastError `CORRUPT`, `STORAGE_FAILED` */
  async load(): Promise<boolean> {
    this.#root ??= this.#table.root();
    if (this.#number >= this.#root.blocks) return false;
    const { offset, blockBytes } = this.#table.extent;
    const start = this.#root.start(this.#number);
    await this.#window.move(offset + start, this.#root.end(this.#number) - start, offset + blockBytes);
    return this.#enterBlock();
  }

  /** The ordinal of the document that the entry is of, in any table but that of ids. */
  get ordinal(): number {
    // Where there is no payload, the ordinal is in the key, and the block may have a part of it in what its keys share.
    return this.#table.payloadBytes === 0
      ? this.key.readUInt32BE(this.keyLength - 4)
      : (this.block as Block).ordinalAt(this.index);
  }

  #enterBlock(): boolean {
    const root = this.#root;
    if (root === undefined || this.#number >= root.blocks) return false;
    const start = root.start(this.#number);
    const position = this.#table.extent.offset + start;
    const length = root.end(this.#number) - start;
    if (!this.#window.has(position, length)) return false;
    const bytes = this.#window.part(position, length);
    checkPiece(this.#table.file, bytes, position);
    this.block = new Block([], this.#number, root.firstEntry(this.#number), bytes, this.#table.payloadBytes);
    this.index = 0;
    this.#number += 1;
    this.#takeKey(this.block);
    return true;
  }

  #takeKey(block: Block): void {
    this.keyLength = block.copyKey(this.index, this.key);
    if (this.keyLength <= this.key.length) return;
    this.key = Buffer.allocUnsafe(this.keyLength * 2);
    block.copyKey(this.index, this.key);
  }
}
