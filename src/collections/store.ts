import type { Change } from "./change.js";
import type { Collection, TransactionCollection, WatchOptions } from "./collection.js";
import type { CollectionDefinition } from "./definition.js";

export interface Transaction {
  collection<Body>(definition: CollectionDefinition<Body>): TransactionCollection<Body>;
}

/**
 * What the surfaces are written against. Nothing here knows of files: the same surfaces run on any engine that keeps
 * these promises.
 */
export interface Store {
  /** The collection of this definition; the same object each time. @throws HoldfastError `INVALID_CONFIG` if the name is in use with another definition. */
  collection<Body>(definition: CollectionDefinition<Body>): Collection<Body>;

  /**
   * Runs `work` and commits what it wrote as one: whole or not at all, durable when this resolves. If something it read
   * changed before it committed, it runs again; `work` must therefore have no effect but through its argument.
   *
   * @returns what `work` returned.
   * @throws whatever `work` throws, having written nothing; HoldfastError `REVISION_CONFLICT` if it kept losing the race.
   */
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;

  /**
   * Committed changes behind `since` in order, then those that follow, without gap or repeat. Ends when `signal` aborts
   * or the store closes.
   *
   * @throws HoldfastError `COMPACTED` (with `details.oldest`) if changes behind `since` are no longer kept: read the
   * collections and go on from `lastSequence`.
   */
  changes(options?: WatchOptions): AsyncIterable<Change>;

  /** The sequence number of the newest acknowledged commit; 0 in an empty store. */
  readonly lastSequence: number;
}
