import type { ListOptions, Store } from "../../collections/index.js";
import type { CombinedOperations } from "./combined-operations.js";
import { readTotals } from "./counters.js";
import type { Reader } from "../history/reader.js";
import type { ReplayDocument } from "./record-stream.js";
import { replayRecordsCollection } from "./replay-document.js";
import type { ReplayRetention } from "./replay-options.js";

/** Records that one transaction removes at most: small enough that writers hardly wait for it. */
const removalsPerTransaction = 100;

export interface RemovalOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A part of the records' order: from a place on, up to an order key. */
export interface RemovalRange {
  readonly where?: ListOptions["where"];
  /** Records whose order key is this or greater. Default: from the oldest. */
  readonly from?: string | undefined;
  /** Records whose order key is below it, or is it where `includesEnd` is set. Default: to the newest. */
  readonly until?: string | undefined;
  readonly includesEnd?: boolean;
}

/**
 * Removes records, oldest first, a bounded number with each transaction. There is no note of what is left to do: what
 * was removed is gone for good, and whoever asks again after a crash goes on with the rest.
 *
 * @returns how many were removed.
 */
export async function removeRange(
  store: Store,
  operations: CombinedOperations,
  { where = {}, from, until, includesEnd = false }: RemovalRange,
  { signal }: RemovalOptions = {},
): Promise<number> {
  // A place before every record of that time: what a text begins with stands before it.
  const place = from === undefined ? {} : { after: { value: from.slice(0, -1), id: "0" } };
  const isWithin = ({ body: { order_key } }: ReplayDocument): boolean =>
    until === undefined || order_key < until || (includesEnd && order_key === until);
  const someOf = async (reader: Reader, limit: number): Promise<ReplayDocument[]> => {
    const page = await reader.collection(replayRecordsCollection).list({ where, limit, ...place });
    return page.documents.filter(isWithin);
  };
  // Mostly there is nothing to remove, and that takes no transaction to see.
  if ((await someOf(store, 1)).length === 0) return 0;
  for (let removed = 0; ;) {
    signal?.throwIfAborted();
    const step = await operations.remove(async (batch) => {
      const within = await someOf(batch.transaction, removalsPerTransaction);
      for (const { id, body } of within) await batch.remove(id, body);
      return { removed: within.length, isLast: within.length < removalsPerTransaction };
    });
    removed += step.removed;
    if (step.isLast) return removed;
  }
}

/** Removes one record. @returns whether there was one. */
export async function removeRecord(operations: CombinedOperations, id: string): Promise<boolean> {
  return operations.remove(async (batch) => {
    const stored = await batch.find(id);
    if (stored === undefined) return false;
    await batch.remove(id, stored.body);
    return true;
  });
}

/** Removes the oldest records beyond the retention, where it was lowered since. @returns how many were removed. */
export async function enforceRetention(
  store: Store,
  operations: CombinedOperations,
  retention: ReplayRetention,
  { signal }: RemovalOptions = {},
): Promise<number> {
  const totals = await readTotals(store);
  if (totals === undefined) return 0;
  if (totals.records <= retention.maximumCount && totals.bytes <= retention.maximumBytes) return 0;
  for (let removed = 0; ;) {
    signal?.throwIfAborted();
    const step = await operations.remove((batch) => batch.enforce(retention));
    if (step === 0) return removed;
    removed += step;
  }
}
