import type { Document, Transaction } from "../../collections/index.js";
import { applyToCells, CountersNotExact, readTotals, type Cells } from "./counters.js";
import {
  cellIdOf,
  dimensionsOf,
  replayTotalsCollection,
  totalsId,
  type ReplayTotals,
} from "./replay-counter-document.js";
import { replayRecordsCollection, type StoredReplayBody } from "./replay-document.js";
import type { ReplayRetention } from "./replay-options.js";
import { Tally } from "./tally.js";

/** Bytes of records that one transaction writes, give or take one record: small enough that nobody waits long for it. */
const bytesPerBatch = 8 * 1024 * 1024;
/** Records beyond the retention that one transaction removes, give or take a page. */
const mostRetired = 512;

/**
 * What one transaction does to records, with the counters following: each record that is written or removed leaves its
 * difference here, and {@link settle} writes all differences into the cells, each cell once. Records and cells are
 * committed together, so a crash leaves both as they were or both as they should be.
 */
export class ReplayBatch {
  readonly transaction: Transaction;
  readonly #deletesOnly: boolean;
  readonly #totals: { records: number; bytes: number };
  readonly #cells: Cells = new Map();
  readonly #written = new Set<string>();
  #bytes = 0;
  #isChanged = false;

  private constructor(transaction: Transaction, deletesOnly: boolean, totals: ReplayTotals) {
    this.transaction = transaction;
    this.#deletesOnly = deletesOnly;
    this.#totals = { records: totals.records, bytes: totals.bytes };
  }

  /**
   * @param deletesOnly while the disk is full: nothing but deletions may be written.
   * @throws CountersNotExact if differences would have nothing exact to be added to.
   */
  static async begin(transaction: Transaction, deletesOnly: boolean): Promise<ReplayBatch> {
    const totals = await readTotals(transaction);
    if (totals === undefined && !deletesOnly) throw new CountersNotExact();
    return new ReplayBatch(transaction, deletesOnly, totals ?? { records: 0, bytes: 0 });
  }

  /** Whether what follows should have a transaction of its own. */
  get isFull(): boolean {
    return this.#bytes >= bytesPerBatch;
  }

  async find(id: string): Promise<Document<StoredReplayBody> | undefined> {
    return this.transaction.collection(replayRecordsCollection).get(id);
  }

  /**
   * Writes a record over what is stored of it, if anything.
   *
   * @throws HoldfastError as the store's `put`, and then nothing of it is in the batch.
   */
  async write(id: string, body: StoredReplayBody, replaced: StoredReplayBody | undefined): Promise<void> {
    await this.transaction.collection(replayRecordsCollection).put(id, body);
    if (replaced !== undefined) this.#difference(replaced).subtract(Tally.ofRecord(replaced));
    this.#difference(body).add(Tally.ofRecord(body));
    this.#totals.records += replaced === undefined ? 1 : 0;
    this.#totals.bytes += body.bytes - (replaced?.bytes ?? 0);
    this.#bytes += body.bytes;
    this.#written.add(id);
    this.#isChanged = true;
  }

  async remove(id: string, removed: StoredReplayBody): Promise<void> {
    await this.transaction.collection(replayRecordsCollection).delete(id);
    this.#difference(removed).subtract(Tally.ofRecord(removed));
    this.#totals.records -= 1;
    this.#totals.bytes -= removed.bytes;
    this.#isChanged = true;
  }

  /**
   * Removes the oldest records beyond the retention, in the transaction that goes beyond it, so that the limits hold at
   * every commit. What this transaction wrote stays: a record that was acknowledged is not gone by its own arrival.
   *
   * @returns how many were removed.
   */
  async enforce({ maximumCount, maximumBytes }: ReplayRetention): Promise<number> {
    const excess = (): number => Math.max(0, this.#totals.records - maximumCount);
    const isBeyond = (): boolean => excess() > 0 || this.#totals.bytes > maximumBytes;
    let removed = 0;
    let place: { readonly value: string; readonly id: string } | undefined;
    while (isBeyond() && removed < mostRetired) {
      const limit = Math.min(mostRetired, Math.max(excess(), 4));
      const { documents } = await this.transaction
        .collection(replayRecordsCollection)
        .list({ limit, ...(place === undefined ? {} : { after: place }) });
      for (const { id, body } of documents) {
        place = { value: body.order_key, id };
        if (!isBeyond()) break;
        if (this.#written.has(id)) continue;
        await this.remove(id, body);
        removed += 1;
      }
      if (documents.length < limit) break;
    }
    return removed;
  }

  /** Brings the counters up to date. The last step of the transaction. @throws CountersNotExact */
  async settle(): Promise<void> {
    if (!this.#isChanged) return;
    const totals = this.transaction.collection(replayTotalsCollection);
    if (this.#deletesOnly) {
      await totals.delete(totalsId);
      return;
    }
    if (this.#totals.records < 0 || this.#totals.bytes < 0) throw new CountersNotExact();
    await applyToCells(this.transaction, this.#cells);
    await totals.put(totalsId, this.#totals);
  }

  #difference({ record }: StoredReplayBody): Tally {
    const dimensions = dimensionsOf(record);
    const id = cellIdOf(dimensions);
    const cell = this.#cells.get(id) ?? { dimensions, tally: new Tally() };
    this.#cells.set(id, cell);
    return cell.tally;
  }
}
