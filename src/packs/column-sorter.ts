import type { IndexValue } from "../collections/index.js";
import type { TableExtent } from "./index-directory.js";
import type { OtherTables } from "./index-writer.js";
import { KeyBytes } from "./key-bytes.js";
import { KeySorter } from "./key-sorter.js";
import { appendCreationKey } from "./order-key.js";
import type { Output } from "./output.js";
import type { Pacer } from "./pacer.js";
import type { PackColumns } from "./pack-columns.js";
import type { RunStore } from "./run-store.js";
import { TableWriter } from "./table-writer.js";

/** What the tables besides that of ids know of a document. */
export interface ColumnValues {
  readonly id: string;
  readonly createdSequence: number;
  readonly createdIndex: number;
  readonly keys: readonly (IndexValue | undefined)[];
}

/** Collects what the tables besides that of ids hold, and writes them, sorted. */
export class ColumnSorter {
  readonly #created: KeySorter;
  readonly #expires: KeySorter;
  readonly #order: KeySorter | undefined;
  readonly #indexes: readonly KeySorter[];
  readonly #key = new KeyBytes();
  #isFull = false;

  constructor(columns: PackColumns, store: RunStore) {
    this.#created = new KeySorter(store);
    this.#expires = new KeySorter(store);
    this.#order = columns.order === null ? undefined : new KeySorter(store);
    this.#indexes = columns.indexes.map(() => new KeySorter(store));
  }

  /** Whether {@link endRuns} should be called before the next document. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** @param expiresAtMs as an index can hold it. */
  add(ordinal: number, values: ColumnValues, expiresAtMs: number): void {
    const key = this.#key;
    this.#put(this.#created, appendCreationKey(key.clear(), values.createdSequence, values.createdIndex), ordinal);
    if (expiresAtMs !== Infinity) {
      this.#put(this.#expires, key.clear().appendUint48(expiresAtMs).appendUint32(ordinal), ordinal);
    }
    const order = values.keys[this.#indexes.length];
    if (this.#order !== undefined)
      this.#put(this.#order, key.clear().appendValue(order).appendText(values.id), ordinal);
    for (let index = 0; index < this.#indexes.length; index += 1) {
      const value = values.keys[index];
      if (value === undefined) continue;
      key.clear().appendValue(value);
      if (this.#order === undefined) appendCreationKey(key, values.createdSequence, values.createdIndex);
      else key.appendValue(order).appendText(values.id);
      this.#put(this.#indexes[index] as KeySorter, key, ordinal);
    }
  }

  async endRuns(pacer: Pacer): Promise<void> {
    for (const sorter of [this.#created, this.#expires, this.#order, ...this.#indexes]) {
      if (sorter?.isFull === true) await sorter.endRun(pacer);
    }
    this.#isFull = false;
  }

  /** Writes all tables. */
  async drainInto(output: Output, pacer: Pacer): Promise<OtherTables> {
    const drained = async (sorter: KeySorter, payloadBytes: 0 | 4): Promise<TableExtent> => {
      const table = new TableWriter(output);
      await sorter.drainInto(table, output, payloadBytes, pacer);
      return table.end();
    };
    const created = await drained(this.#created, 4);
    const expires = await drained(this.#expires, 0);
    const order = this.#order === undefined ? undefined : await drained(this.#order, 4);
    const indexes: TableExtent[] = [];
    for (const sorter of this.#indexes) indexes.push(await drained(sorter, 4));
    return { created, expires, ...(order === undefined ? {} : { order }), indexes };
  }

  #put(sorter: KeySorter, key: KeyBytes, ordinal: number): void {
    sorter.add(key, ordinal);
    if (sorter.isFull) this.#isFull = true;
  }
}
