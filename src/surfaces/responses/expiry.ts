import type { Store, Transaction } from "../../collections/index.js";
import { removingTransaction } from "../history/removing-transaction.js";
import { removeResponse, type RemovalMemory } from "../history/remove-response.js";
import { responsesCollection } from "../history/response-document.js";
import { responseThreadsCollection } from "../history/thread-document.js";
import type { Threads } from "./threads.js";

/** Responses that one transaction removes at most: small enough that writers hardly wait for it. */
const removalsPerTransaction = 100;
const threadsPerPage = 1_000;
const dayMs = 24 * 60 * 60 * 1000;
/** Days looked at before the oldest thread's, in case its creation was stamped by a clock that ran ahead. */
const daysOfDoubt = 366;

/**
 * Removes what has expired: the responses of each expired thread, a bounded number at a time, then the thread itself.
 *
 * Crash argument: the thread goes last, so as long as one of its responses is stored the thread is too, and is found
 * again by its day. Readers see nothing of the work, since all of it has read as not found since it expired.
 *
 * @returns how many responses were removed.
 */
export async function removeExpiredThreads(
  store: Store,
  threads: Threads,
  memory: RemovalMemory,
  signal?: AbortSignal,
): Promise<number> {
  let removed = 0;
  for (const day of await daysToLookAt(store, memory.now())) {
    for (const id of await expiredThreadsOf(store, threads, day)) {
      removed += await removeThread(store, threads, memory, id, signal);
    }
  }
  return removed;
}

async function daysToLookAt(store: Store, now: number): Promise<string[]> {
  const [oldest] = (await store.collection(responseThreadsCollection).list({ limit: 1 })).documents;
  if (oldest === undefined) return [];
  const days: string[] = [];
  const first = Math.min(Date.parse(oldest.createdAt), now) - daysOfDoubt * dayMs;
  for (let day = Math.floor(first / dayMs); day <= Math.floor(now / dayMs); day += 1) {
    days.push(new Date(day * dayMs).toISOString().slice(0, 10));
  }
  return days;
}

/** Gathered before anything is removed, because a page can not be continued behind a thread that is gone. */
async function expiredThreadsOf(store: Store, threads: Threads, day: string): Promise<string[]> {
  const expired: string[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await store
      .collection(responseThreadsCollection)
      .list({ where: { expires_on: day }, limit: threadsPerPage, ...(after === undefined ? {} : { after }) });
    for (const { id, body } of page.documents) {
      if (threads.isExpired(body)) expired.push(id);
    }
    after = page.documents.at(-1)?.id;
    if (!page.hasMore) return expired;
  }
}

async function removeThread(
  store: Store,
  threads: Threads,
  memory: RemovalMemory,
  id: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  let removed = 0;
  for (;;) {
    signal?.throwIfAborted();
    const step = await removingTransaction(store, (transaction, deletesOnly) =>
      removeSome(transaction, threads, memory, id, deletesOnly),
    );
    removed += step.responses;
    if (step.done) return removed;
  }
}

/** One bounded step: some responses, else one thread that was merged into this one, else the thread itself. */
async function removeSome(
  transaction: Transaction,
  threads: Threads,
  memory: RemovalMemory,
  id: string,
  deletesOnly: boolean,
): Promise<{ responses: number; done: boolean }> {
  const collection = transaction.collection(responseThreadsCollection);
  // Looked up again in the transaction that acts: a thread may have been renewed since it was listed.
  if (await threads.isLiving(transaction, id)) return { responses: 0, done: true };

  const emptied = await innermostMerged(transaction, id);
  const { documents } = await transaction
    .collection(responsesCollection)
    .list({ where: { thread: emptied }, limit: removalsPerTransaction });
  for (const document of documents) {
    await removeResponse(transaction, document.id, "expired", memory, deletesOnly);
  }
  if (documents.length === removalsPerTransaction) return { responses: documents.length, done: false };
  await collection.delete(emptied);
  return { responses: documents.length, done: emptied === id };
}

/** A thread under `id` into which no other was merged. Removing from there keeps every merged thread's root in place. */
async function innermostMerged(transaction: Transaction, id: string): Promise<string> {
  const collection = transaction.collection(responseThreadsCollection);
  for (let innermost = id; ;) {
    const [merged] = (await collection.list({ where: { merged_into: innermost }, limit: 1 })).documents;
    if (merged === undefined) return innermost;
    innermost = merged.id;
  }
}
