import type { Store } from "../../collections/index.js";
import type { CombinedOperations } from "./combined-operations.js";
import { cellsPerPage, countInto, countRecords, readCells, readTotals, type Cells } from "./counters.js";
import { streamExpired, streamRecords } from "./record-stream.js";
import { cellIdOf, dimensionsOf } from "./replay-counter-document.js";
import { matchesDimensions, selectionOf, type Selection } from "./replay-query.js";
import { Tally } from "./tally.js";

/** What the living records add up to, from the counters wherever those can tell. */
export class CountedRecords {
  readonly #store: Store;
  readonly #operations: CombinedOperations;

  constructor(store: Store, operations: CombinedOperations) {
    this.#store = store;
    this.#operations = operations;
  }

  /** The cells of all living records. */
  async all(expiryKey: string): Promise<Cells> {
    const everything = selectionOf({});
    const cells = await readCells(this.#store);
    const isExact = (await readTotals(this.#store)) !== undefined;
    if (isExact && cells.size <= cellsPerPage && !(await this.#hasExpired(expiryKey))) return cells;
    // Two readings have to fit together, so no operation may come between them.
    return this.#operations.exclusively(async () => {
      const isStillExact = (await readTotals(this.#store)) !== undefined;
      const counted = isStillExact ? await readCells(this.#store) : await countRecords(this.#store);
      for await (const { body } of streamExpired(this.#store, everything, expiryKey)) {
        const cell = counted.get(cellIdOf(dimensionsOf(body.record)));
        cell?.tally.subtract(Tally.ofRecord(body));
      }
      return new Map([...counted].filter(([, { tally }]) => !tally.isEmpty));
    });
  }

  /** The cells of a selection: some of `all`, or counted record by record where it asks for what no cell knows. */
  async of(selection: Selection, all: Cells, expiryKey: string): Promise<Cells> {
    if (selection.isCounted) {
      return new Map([...all].filter(([, { dimensions }]) => matchesDimensions(dimensions, selection)));
    }
    const cells: Cells = new Map();
    for await (const { body } of streamRecords(this.#store, selection, { order: "desc", expiryKey })) {
      countInto(cells, body);
    }
    return cells;
  }

  /** How many records a selection has. @param selection one that is counted. */
  async numberOf(selection: Selection, expiryKey: string): Promise<number> {
    if (Object.values(selection.dimensions).every((dimension) => dimension === undefined)) {
      const totals = await readTotals(this.#store);
      if (totals !== undefined && !(await this.#hasExpired(expiryKey))) return totals.records;
    }
    let records = 0;
    const cells = await this.of(selection, await this.all(expiryKey), expiryKey);
    for (const { tally } of cells.values()) records += tally.records;
    return records;
  }

  async #hasExpired(expiryKey: string): Promise<boolean> {
    return (await streamExpired(this.#store, selectionOf({}), expiryKey).next()).done !== true;
  }
}
