import type { Block } from "./block.js";
import type { Table } from "./table.js";

/** A place in a table. It is on an entry when {@link block} is defined. */
export class TableCursor {
  block: Block | undefined;
  /** Which entry of the block it is on. */
  index = 0;
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Goes to the first entry whose key is not before this one. */
  seek(key: Buffer, length: number): void {
    if (this.#table.entries === 0) return;
    this.block = this.#table.block(this.#table.root().blockOf(key, length));
    this.index = this.block.lowerBound(key, length);
    if (this.index === this.block.count) this.#enter(this.block.number + 1);
  }

  /** Goes to an entry whose key is exactly this one. @returns whether there is one. */
  find(key: Buffer, length: number): boolean {
    this.seek(key, length);
    return this.block?.isKey(this.index, key, length) === true;
  }

  /** Goes to the entry of this number. */
  goTo(entry: number): void {
    if (entry >= this.#table.entries) {
      this.block = undefined;
      return;
    }
    const block = this.block;
    if (block === undefined || entry < block.firstEntry || entry >= block.firstEntry + block.count) {
      this.block = this.#table.block(this.#table.root().blockOfEntry(entry));
    }
    this.index = entry - (this.block as Block).firstEntry;
  }

  /** Which entry it is on; the number of entries behind the last. */
  get entry(): number {
    return this.block === undefined ? this.#table.entries : this.block.firstEntry + this.index;
  }

  next(): void {
    if (this.block === undefined) return;
    this.index += 1;
    if (this.index === this.block.count) this.#enter(this.block.number + 1);
  }

  /** Goes one entry back, from behind the last one too. Before the first one it is on none. */
  previous(): void {
    if (this.block !== undefined && this.index > 0) {
      this.index -= 1;
      return;
    }
    const entry = this.entry;
    this.block = undefined;
    if (entry > 0) this.goTo(entry - 1);
  }

  #enter(number: number): void {
    this.index = 0;
    this.block = number < this.#table.root().blocks ? this.#table.block(number) : undefined;
  }
}
