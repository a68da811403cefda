import type { Document, IndexValue } from "../../collections/index.js";
import type { Reader } from "../history/reader.js";
import { replayRecordsCollection, type StoredReplayBody } from "./replay-document.js";
import { matchesSearch, type Selection } from "./replay-query.js";

export type ReplayDocument = Document<StoredReplayBody>;

export interface StreamOptions {
  readonly order: "asc" | "desc";
  /** Records up to this order key count as gone. */
  readonly expiryKey: string;
  /** Go on behind this place. */
  readonly after?: { readonly value: string; readonly id: string } | undefined;
  /** Records that are read at a time. */
  readonly pageSize?: number;
  readonly signal?: AbortSignal | undefined;
}

const mostPerPage = 500;

/**
 * The living records of a selection, in the order of (`timestamp`, id) or against it. Each page begins behind the last
 * record's place, not behind the record, so it does not matter what is added or removed meanwhile.
 */
export async function* streamRecords(
  reader: Reader,
  selection: Selection,
  options: StreamOptions,
): AsyncGenerator<ReplayDocument, void> {
  const sources = selection.alternatives.map((where) => streamOf(reader, where, options));
  for await (const document of merged(sources, options.order === "asc" ? 1 : -1)) {
    if (options.order === "desc" && document.body.order_key <= options.expiryKey) return;
    if (matchesSearch(document.body, selection)) yield document;
  }
}

/** The records that have outlived their time and are not removed yet, in any case oldest first. */
export async function* streamExpired(
  reader: Reader,
  selection: Selection,
  expiryKey: string,
): AsyncGenerator<ReplayDocument, void> {
  // Mostly there are none, and one record is enough to see it.
  const options = { order: "asc", expiryKey: "", pageSize: 1 } as const;
  const sources = selection.alternatives.map((where) => streamOf(reader, where, options));
  for await (const document of merged(sources, 1)) {
    if (document.body.order_key > expiryKey) return;
    if (matchesSearch(document.body, selection)) yield document;
  }
}

async function* streamOf(
  reader: Reader,
  where: Readonly<Record<string, IndexValue>>,
  { order, expiryKey, after, pageSize = mostPerPage, signal }: StreamOptions,
): AsyncGenerator<ReplayDocument, void> {
  // Forwards the first living record follows every key that begins with the expiry's: those are longer, so greater.
  let place = after ?? (order === "asc" && expiryKey !== "" ? { value: `${expiryKey}~`, id: "0" } : undefined);
  let limit = Math.min(pageSize, mostPerPage);
  for (;;) {
    signal?.throwIfAborted();
    const page = await reader
      .collection(replayRecordsCollection)
      .list({ where, order, limit, ...(place === undefined ? {} : { after: place }) });
    yield* page.documents;
    const last = page.documents.at(-1);
    if (!page.hasMore || last === undefined) return;
    place = { value: last.body.order_key, id: last.id };
    limit = Math.min(limit * 2, mostPerPage);
  }
}

/** Merges ordered sources into one, a record that is in several of them once. */
async function* merged(
  sources: readonly AsyncGenerator<ReplayDocument, void>[],
  sign: 1 | -1,
): AsyncGenerator<ReplayDocument, void> {
  const heads = await Promise.all(sources.map((source) => source.next()));
  let lastId: string | undefined;
  for (;;) {
    let first: number | undefined;
    let next: ReplayDocument | undefined;
    for (const [index, head] of heads.entries()) {
      if (head.done === true) continue;
      if (next !== undefined && compare(head.value, next) * sign >= 0) continue;
      [first, next] = [index, head.value];
    }
    if (first === undefined || next === undefined) return;
    if (next.id !== lastId) yield next;
    lastId = next.id;
    heads[first] = await (sources[first] as AsyncGenerator<ReplayDocument, void>).next();
  }
}

function compare(left: ReplayDocument, right: ReplayDocument): number {
  if (left.body.order_key !== right.body.order_key) return left.body.order_key < right.body.order_key ? -1 : 1;
  if (left.id === right.id) return 0;
  return left.id < right.id ? -1 : 1;
}
