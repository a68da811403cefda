import type { Transaction } from "../../collections/index.js";
import { newId } from "../history/identifiers.js";
import type { Reader } from "../history/reader.js";
import { responsesCollection } from "../history/response-document.js";
import { responseThreadsCollection, type ResponseThread } from "../history/thread-document.js";

/** What decides to which thread a response belongs. */
export interface ThreadMembership {
  readonly id: string;
  readonly previous: string | undefined;
  readonly conversation: string | undefined;
  /** The thread it is in, if it was stored before. */
  readonly current: string | undefined;
}

interface NamedThread {
  readonly id: string;
  readonly body: ResponseThread;
}

/** An expiry is never early. It may be late by a hundredth of the time to live, and by so much at most. */
const mostLateMs = 60 * 60 * 1000;

/**
 * The one rule of expiry: a thread lives for `timeToLiveMs` after the last write to any of its responses.
 *
 * An expiry is set a little later than it must be, and renewed only when that has been used up. So most turns leave the
 * thread's document alone: they write less, and branches of one history do not get in each other's way.
 */
export class Threads {
  readonly #timeToLiveMs: number;
  readonly #lateMs: number;
  readonly #now: () => number;

  constructor(timeToLiveMs: number, now: () => number) {
    this.#timeToLiveMs = timeToLiveMs;
    this.#lateMs = Math.min(mostLateMs, timeToLiveMs / 100);
    this.#now = now;
  }

  /**
   * Whether responses of this thread may still be read. A thread that is not there counts as living: it goes only after
   * its last response, so its absence is damage, and damage must not take healthy responses with it.
   */
  async isLiving(reader: Reader, id: string): Promise<boolean> {
    const thread = await rootOf(reader, id);
    return thread === undefined || !this.isExpired(thread.body);
  }

  isExpired(thread: ResponseThread): boolean {
    return Date.parse(thread.expires_at) <= this.#now();
  }

  /**
   * Finds or makes the thread of a response that is about to be written, and renews it.
   *
   * The thread is that of the conversation, else the one it is in, else that of the parent. Under the own id there may be one already, made by
   * children that were recorded first, and a response in a conversation may continue a chain from outside: such threads
   * become part of the first, since from now on they hold one history. An expired thread is never continued, so what
   * has expired stays expired; a new one takes its key.
   *
   * @returns the thread's id.
   */
  async join(transaction: Transaction, { id, previous, conversation, current }: ThreadMembership): Promise<string> {
    const sources: (NamedThread | undefined)[] = [];
    let key = `response:${previous ?? id}`;
    if (conversation !== undefined) {
      key = `conversation:${conversation}`;
      sources.push(await this.#livingOfKey(transaction, key));
    }
    if (current !== undefined) sources.push(await this.#livingThread(transaction, current, `response:${id}`));
    if (previous !== undefined) sources.push(await this.#livingOfParent(transaction, previous));
    sources.push(await this.#livingOfKey(transaction, `response:${id}`));

    const living = new Map(sources.filter((thread) => thread !== undefined).map((thread) => [thread.id, thread]));
    const own = conversation === undefined ? [...living.values()][0] : sources[0];
    const threadId = own?.id ?? newId("thread_");
    if (own === undefined || Date.parse(own.body.expires_at) < this.#now() + this.#timeToLiveMs) {
      await this.#write(transaction, threadId, own?.body.key ?? key);
    }
    for (const other of living.values()) {
      if (other.id !== threadId) await merge(transaction, other, threadId);
    }
    return threadId;
  }

  async #livingOfParent(transaction: Transaction, previous: string): Promise<NamedThread | undefined> {
    const parent = await transaction.collection(responsesCollection).get(previous);
    const thread = parent && (await this.#livingThread(transaction, parent.body.thread, `response:${previous}`));
    return thread ?? this.#livingOfKey(transaction, `response:${previous}`);
  }

  /** @param key for the thread that takes the place of one that was lost. */
  async #livingThread(transaction: Transaction, id: string, key: string): Promise<NamedThread | undefined> {
    const thread = await rootOf(transaction, id);
    if (thread === undefined) {
      const now = new Date(this.#now()).toISOString();
      return { id, body: { key, renewed_at: now, expires_at: now } };
    }
    return this.isExpired(thread.body) ? undefined : thread;
  }

  async #livingOfKey(transaction: Transaction, key: string): Promise<NamedThread | undefined> {
    let after: string | undefined;
    // Beside the living thread of a key stand at most its expired predecessors that were not removed yet.
    for (;;) {
      const page = await transaction
        .collection(responseThreadsCollection)
        .list({ where: { key }, order: "desc", limit: 10, ...(after === undefined ? {} : { after }) });
      for (const document of page.documents) {
        const root = await rootOf(transaction, document.id);
        if (root !== undefined && !this.isExpired(root.body)) return root;
      }
      after = page.documents.at(-1)?.id;
      if (!page.hasMore) return undefined;
    }
  }

  async #write(transaction: Transaction, id: string, key: string): Promise<void> {
    const now = this.#now();
    const expires = new Date(now + this.#timeToLiveMs + this.#lateMs).toISOString();
    await transaction.collection(responseThreadsCollection).put(id, {
      key,
      renewed_at: new Date(now).toISOString(),
      expires_at: expires,
      expires_on: expires.slice(0, 10),
    });
  }
}

/** Follows merges to the thread whose expiry counts; `undefined` if one on the way is not there. */
async function rootOf(reader: Reader, id: string): Promise<NamedThread | undefined> {
  const threads = reader.collection(responseThreadsCollection);
  // Only roots are merged, and only into roots, so this ends; the set is for a directory that somebody edited.
  const visited = new Set<string>();
  for (let next = id; !visited.has(next);) {
    visited.add(next);
    const thread = await threads.get(next);
    if (thread?.body.merged_into === undefined) return thread;
    next = thread.body.merged_into;
  }
  return undefined;
}

async function merge(transaction: Transaction, thread: NamedThread, into: string): Promise<void> {
  const { key, renewed_at, expires_at } = thread.body;
  await transaction
    .collection(responseThreadsCollection)
    .put(thread.id, { key, renewed_at, expires_at, merged_into: into });
}
