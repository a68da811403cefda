import type { Store, Transaction } from "../../collections/index.js";
import type { Reader } from "../history/reader.js";
import { replayRecordsCollection, type StoredReplayBody } from "./replay-document.js";
import {
  cellIdOf,
  dimensionsOf,
  dimensionsOfCell,
  replayCountersCollection,
  replayTotalsCollection,
  totalsId,
  type ReplayTotals,
} from "./replay-counter-document.js";
import type { Dimensions } from "./replay-query.js";
import { Tally } from "./tally.js";

/** One cell, as its dimensions and its numbers. */
export interface Cell {
  readonly dimensions: Dimensions;
  readonly tally: Tally;
}

/** Cells by their ids. */
export type Cells = Map<string, Cell>;

const recordsPerPage = 500;
/** The cells that can be read in one go, and so are of one moment. */
export const cellsPerPage = 10_000;

/** Thrown where the counters turn out not to stand for the records: they are counted anew, and the work runs again. */
export class CountersNotExact extends Error {
  constructor() {
    super("The counters of the router replay have to be counted anew.");
  }
}

/** Adds a record to the cell it belongs to. */
export function countInto(cells: Cells, body: StoredReplayBody): void {
  const dimensions = dimensionsOf(body.record);
  const id = cellIdOf(dimensions);
  const cell = cells.get(id);
  if (cell === undefined) cells.set(id, { dimensions, tally: Tally.ofRecord(body) });
  else cell.tally.add(Tally.ofRecord(body));
}

export function totalsOf(cells: Cells): ReplayTotals {
  let [records, bytes] = [0, 0];
  for (const { tally } of cells.values()) {
    records += tally.records;
    bytes += tally.bytes;
  }
  return { records, bytes };
}

/** The stored totals; `undefined` if the cells are not exact. */
export async function readTotals(reader: Reader): Promise<ReplayTotals | undefined> {
  return (await reader.collection(replayTotalsCollection).get(totalsId))?.body;
}

/** The stored cells, exact or not. */
export async function readCells(reader: Reader): Promise<Cells> {
  const cells: Cells = new Map();
  let after: string | undefined;
  for (;;) {
    const page = await reader
      .collection(replayCountersCollection)
      .list({ limit: cellsPerPage, ...(after === undefined ? {} : { after }) });
    for (const { id, body } of page.documents) {
      cells.set(id, { dimensions: dimensionsOfCell(body), tally: Tally.ofCell(body) });
    }
    after = page.documents.at(-1)?.id;
    if (!page.hasMore) return cells;
  }
}

/** What the cells should be: from every record there is. */
export async function countRecords(reader: Reader): Promise<Cells> {
  const cells: Cells = new Map();
  let after: { value: string; id: string } | undefined;
  for (;;) {
    const page = await reader
      .collection(replayRecordsCollection)
      .list({ limit: recordsPerPage, ...(after === undefined ? {} : { after }) });
    for (const { body } of page.documents) countInto(cells, body);
    const last = page.documents.at(-1);
    after = last && { value: last.body.order_key, id: last.id };
    if (!page.hasMore) return cells;
  }
}

/**
 * Counts anew, in one transaction: until it commits the old cells stand, without the word that they are exact, so a
 * crash leaves what the next owner finds the same way and does again.
 *
 * @returns whether there was anything to count: in a new store there is not.
 */
export async function recount(store: Store): Promise<boolean> {
  return store.transaction(async (transaction) => {
    const stale = await readCells(transaction);
    const cells = await countRecords(transaction);
    for (const id of stale.keys()) {
      if (!cells.has(id)) await transaction.collection(replayCountersCollection).delete(id);
    }
    for (const [id, { dimensions, tally }] of cells) {
      await transaction.collection(replayCountersCollection).put(id, tally.asCell(dimensions));
    }
    await transaction.collection(replayTotalsCollection).put(totalsId, totalsOf(cells));
    return stale.size > 0 || cells.size > 0;
  });
}

/**
 * Brings the cells up to date with what a transaction has changed.
 *
 * @param changed the differences, by cell.
 * @throws CountersNotExact if a cell would come to what no records can add up to.
 */
export async function applyToCells(transaction: Transaction, changed: Cells): Promise<void> {
  const collection = transaction.collection(replayCountersCollection);
  for (const [id, { dimensions, tally: difference }] of changed) {
    if (difference.isEmpty) continue;
    const stored = await collection.get(id);
    const tally = stored === undefined ? new Tally() : Tally.ofCell(stored.body);
    tally.add(difference);
    if (!tally.isPossible) throw new CountersNotExact();
    if (tally.isEmpty) await collection.delete(id);
    else await collection.put(id, tally.asCell(dimensions));
  }
}
