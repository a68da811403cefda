import type { Store } from "../../collections/index.js";
import { HoldfastError, type Problem } from "../../errors.js";
import type { CountedRecords } from "./counted-records.js";
import { streamExpired, streamRecords, type ReplayDocument } from "./record-stream.js";
import { cursorOf, placeOf } from "./replay-cursor.js";
import { replayRecordsCollection, storedRecordOf, type StoredReplayRecord } from "./replay-document.js";
import {
  replayPageLimits,
  selectionOf,
  type ReplayFilter,
  type ReplayPage,
  type ReplayQuery,
  type Selection,
} from "./replay-query.js";

/**
 * Reads a page, newest first.
 *
 * @param expiryKey records up to it count as gone.
 * @throws HoldfastError `INVALID_CONFIG`, `INVALID_CURSOR`; those of the store. A failure is never an empty page.
 */
export async function listRecords(
  store: Store,
  counted: CountedRecords,
  query: ReplayQuery,
  expiryKey: string,
): Promise<ReplayPage> {
  const { limit = replayPageLimits.standard, maximumBytes = Number.POSITIVE_INFINITY } = query;
  assertPage(query);
  const selection = selectionOf(query);
  const place = query.after === undefined ? undefined : placeOf(query.after);
  const total = await totalOf(store, counted, selection, expiryKey);
  const offset = Math.min(query.offset ?? 0, total);

  const documents: ReplayDocument[] = [];
  let [skipped, bytes, hasMore] = [0, 0, false];
  const options = { order: "desc", expiryKey, after: place, pageSize: offset + limit + 1 } as const;
  for await (const document of streamRecords(store, selection, options)) {
    if (skipped < offset) {
      skipped += 1;
      continue;
    }
    bytes += document.body.bytes;
    // The first is given whatever its size, or a large record would stop every reader in front of it.
    hasMore = documents.length === limit || (documents.length > 0 && bytes > maximumBytes);
    if (hasMore) break;
    documents.push(document);
  }
  const last = documents.at(-1);
  return {
    records: documents.map(storedRecordOf),
    total,
    hasMore,
    ...(hasMore && last !== undefined ? { next: cursorOf(last) } : {}),
    limit,
    offset,
  };
}

/** Every record of a filter, oldest first, as of when each is reached. */
export async function* exportRecords(
  store: Store,
  filter: ReplayFilter,
  expiryKey: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<StoredReplayRecord, void> {
  for await (const document of streamRecords(store, selectionOf(filter), { order: "asc", expiryKey, signal })) {
    yield storedRecordOf(document);
  }
}

/** A session's records, oldest first: those that name it, or, where none does, those of the request of that id. */
export async function recordsOfSession(
  store: Store,
  session: string,
  expiryKey: string,
): Promise<StoredReplayRecord[]> {
  const named = selectionOf({});
  for (const where of [{ session_id: session }, { request_id: session }]) {
    const records: StoredReplayRecord[] = [];
    const selection = { ...named, alternatives: [where] };
    for await (const document of streamRecords(store, selection, { order: "asc", expiryKey })) {
      records.push(storedRecordOf(document));
    }
    if (records.length > 0) return records;
  }
  return [];
}

/**
 * How many living records a selection has: from the counters where they can tell, else from the indexes; only what no
 * index can answer is looked for record by record.
 */
async function totalOf(
  store: Store,
  counted: CountedRecords,
  selection: Selection,
  expiryKey: string,
): Promise<number> {
  if (selection.isCounted) return counted.numberOf(selection, expiryKey);
  if (selection.search !== undefined) {
    return lengthOf(streamRecords(store, selection, { order: "desc", expiryKey }));
  }
  let total = 0;
  const records = store.collection(replayRecordsCollection);
  for (const where of selection.alternatives) total += await records.count({ where });
  // A record whose selected and original model are the same is in both alternatives.
  const [first, second] = selection.alternatives;
  if (second !== undefined) total -= await records.count({ where: { ...first, ...second } });
  total -= await lengthOf(streamExpired(store, selection, expiryKey));
  // What expired may have been removed between the countings.
  return Math.max(0, total);
}

async function lengthOf(stream: AsyncGenerator<unknown, void>): Promise<number> {
  let length = 0;
  while ((await stream.next()).done !== true) length += 1;
  return length;
}

function assertPage({ limit, offset, after, maximumBytes }: ReplayQuery): void {
  const problems: Problem[] = [];
  const { most } = replayPageLimits;
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= most)) {
    problems.push({ path: "/limit", message: `must be a whole number from 1 to ${most}` });
  }
  if (offset !== undefined && !(Number.isSafeInteger(offset) && offset >= 0)) {
    problems.push({ path: "/offset", message: "must be a whole number from 0" });
  }
  if (offset !== undefined && after !== undefined) {
    problems.push({ path: "/offset", message: "can not be given together with after" });
  }
  if (maximumBytes !== undefined && !(maximumBytes > 0)) {
    problems.push({ path: "/maximumBytes", message: "must be a positive number" });
  }
  if (problems.length > 0) throw HoldfastError.ofProblems("INVALID_CONFIG", "The replay query is not valid.", problems);
}
