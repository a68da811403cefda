import type { Reconciliation, Store } from "../../collections/index.js";
import { readCells, readTotals, recount, totalsOf } from "./counters.js";
import { replayRecordsCollection } from "./replay-document.js";

/**
 * Compares the counters with the records, as far as the indexes tell, and counts anew if they differ. Transactions keep
 * them equal; what can part them is damage that recovery had to set aside, and removals on a full disk.
 */
export async function checkCounters(store: Store): Promise<Reconciliation[]> {
  const reason = await differenceOf(store);
  if (reason === undefined) return [];
  await recount(store);
  const cells = [...(await readCells(store)).keys()];
  const count = Math.max(1, cells.length);
  return [{ surface: "replay", action: "recounted", reason, count, ids: cells.slice(0, 100) }];
}

async function differenceOf(store: Store): Promise<"counters_missing" | "counters_differed" | undefined> {
  const records = store.collection(replayRecordsCollection);
  const [totals, cells, count] = [await readTotals(store), await readCells(store), await records.count()];
  if (totals === undefined) return cells.size === 0 && count === 0 ? undefined : "counters_missing";
  const sum = totalsOf(cells);
  if (totals.records !== count || sum.records !== count || totals.bytes !== sum.bytes) return "counters_differed";
  for (const [cell, { tally }] of cells) {
    if ((await records.count({ where: { cell } })) !== tally.records) return "counters_differed";
  }
  return undefined;
}
