import type { SortedSource } from "./source-heap.js";
import { TableScan } from "./table-scan.js";
import type { Table } from "./table.js";

/** Instead of a new ordinal: the document is not in the new pack. */
export const dropped = 0xffff_ffff;

/** A table of a pack that is merged, with the ordinals of the new pack, and without what is not in that. */
export class ColumnSource implements SortedSource {
  /** How many bytes of an entry are not its key: those of the ordinal, or none where that is in the key. */
  readonly payloadBytes: number;
  /** In the new pack. */
  ordinal = 0;
  readonly #scan: TableScan;
  readonly #newOrdinals: Uint32Array;

  constructor(table: Table, newOrdinals: Uint32Array) {
    this.payloadBytes = table.payloadBytes;
    this.#scan = new TableScan(table);
    this.#newOrdinals = newOrdinals;
  }

  get key(): Buffer {
    return this.#scan.key;
  }

  get keyLength(): number {
    return this.#scan.keyLength;
  }

  step(): boolean {
    while (this.#scan.step()) if (this.#takeOver()) return true;
    return false;
  }

  async load(): Promise<boolean> {
    while (await this.#scan.load()) if (this.#takeOver() || this.step()) return true;
    return false;
  }

  #takeOver(): boolean {
    this.ordinal = this.#newOrdinals[this.#scan.ordinal] ?? dropped;
    if (this.ordinal === dropped) return false;
    // Old and new ordinals have the same order, so keys that end in one stay sorted.
    if (this.payloadBytes === 0) this.#scan.key.writeUInt32BE(this.ordinal, this.#scan.keyLength - 4);
    return true;
  }
}
