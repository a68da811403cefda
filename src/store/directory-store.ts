import { z } from "zod";
import type { DirectoryBlobs } from "../blobs/index.js";
import {
  defineCollection,
  type BlobStore,
  type Change,
  type Collection,
  type CollectionDefinition,
  type Store,
  type Transaction,
  type WatchOptions,
} from "../collections/index.js";
import { HoldfastError } from "../errors.js";
import type { StoreCondition } from "./condition.js";
import type { Engine } from "./engine.js";
import type { RecoveryReport } from "./recovery-report.js";
import type { CollectionRegistry } from "./registry.js";
import { StoreTransaction, TransactionRestart } from "./store-transaction.js";
import { StoredCollection } from "./stored-collection.js";

/** Plain numbers about a store, for metrics. Counters begin at 0 when the directory is opened. */
export interface StoreMetrics {
  readonly commits: number;
  readonly operations: number;
  /** Journal writes; many commits can share one. */
  readonly batches: number;
  readonly checkpoints: number;
  /** Journaled, and not yet in a checkpoint. */
  readonly journalBytes: number;
  /** Files the journal consists of, those kept for followers included. */
  readonly journalSegments: number;
  readonly lastSequence: number;
  readonly checkpointSequence: number;
  /** Whether packs are being merged at this moment. */
  readonly merging: boolean;
  /** Whether what the journal keeps behind the checkpoint is still to be looked through, as is done once after opening. */
  readonly checkingHistory: boolean;
  /** Live packs of all collections. */
  readonly packs: number;
  /** Documents that packs hold, those included that have a newer version which no checkpoint has moved yet. */
  readonly packedDocuments: number;
  /** Lines of these packs that were met and can not be read. */
  readonly damagedLines: number;
  /** Documents by collection, expired ones that have not been swept included. */
  readonly documents: Readonly<Record<string, number>>;
}

/** What the owner and a reader count by themselves; the rest is counted from the collections. */
export type RoleMetrics = Omit<
  StoreMetrics,
  "documents" | "packs" | "packedDocuments" | "damagedLines" | "lastSequence"
>;

/** What differs between the owner of a directory and a reader of it. */
export interface StoreRole {
  readonly mode: "writer" | "reader";
  lastSequence(): number;
  metrics(): RoleMetrics;
  checkpoint(): Promise<void>;
  compact(): Promise<void>;
  /** @param beforeRelease called when everything is on disk and the directory still held. */
  close(beforeRelease: () => Promise<void>): Promise<void>;
}

export interface StoreParts {
  readonly root: string;
  readonly storeId: string;
  readonly epoch: number;
  readonly recovery: RecoveryReport;
  readonly engine: Engine;
  readonly registry: CollectionRegistry;
  readonly blobs: DirectoryBlobs;
  readonly role: StoreRole;
}

const mostAttempts = 100;

/** An open state directory, as a store. */
export class DirectoryStore implements Store {
  readonly directory: string;
  readonly storeId: string;
  readonly epoch: number;
  readonly #parts: StoreParts;
  readonly #collections = new Map<CollectionDefinition<unknown>, StoredCollection<unknown>>();
  #closing: Promise<void> | undefined;
  #recovery: RecoveryReport;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.directory = parts.root;
    this.storeId = parts.storeId;
    this.epoch = parts.epoch;
    this.#recovery = parts.recovery;
  }

  /** What opening found and did. */
  get recovery(): RecoveryReport {
    return this.#recovery;
  }

  /** @internal Opening is not over when the store is: the surfaces have something to add, and what is read afterwards. */
  completeRecovery(report: RecoveryReport): void {
    this.#recovery = report;
  }

  get mode(): "writer" | "reader" {
    return this.#parts.role.mode;
  }

  get condition(): StoreCondition {
    return this.#parts.engine.condition.current;
  }

  /** Calls `listener` with each change of {@link condition}. @returns how to stop that. */
  onCondition(listener: (condition: StoreCondition) => void): () => void {
    return this.#parts.engine.condition.listen(listener);
  }

  get lastSequence(): number {
    return this.#parts.role.lastSequence();
  }

  get metrics(): StoreMetrics {
    const documents: Record<string, number> = {};
    let packs = 0;
    let packedDocuments = 0;
    let damagedLines = 0;
    for (const state of this.#parts.registry.all()) {
      documents[state.name] = state.size;
      packs += state.packs.packs.length;
      packedDocuments += state.packs.documents;
      for (const pack of state.packs.packs) damagedLines += pack.damagedLines.size;
    }
    const { lastSequence } = this;
    return { ...this.#parts.role.metrics(), lastSequence, packs, packedDocuments, damagedLines, documents };
  }

  /** Bytes beside the documents. */
  get blobs(): BlobStore {
    return this.#parts.blobs;
  }

  /** The time that decides what has expired, in milliseconds since 1970; see `ExpiryClock`. */
  expiryTime(): number {
    return this.#parts.engine.expiry.now();
  }

  /** The collections that have documents or have been declared, sorted. */
  collectionNames(): string[] {
    return this.#parts.registry.names();
  }

  collection<Body>(definition: CollectionDefinition<Body>): Collection<Body> {
    const untyped = definition as CollectionDefinition<unknown>;
    let collection = this.#collections.get(untyped);
    if (collection === undefined) {
      collection = new StoredCollection(this.#parts.engine, this.#parts.engine.attach(untyped), untyped);
      this.#collections.set(untyped, collection);
    }
    return collection as StoredCollection<Body>;
  }

  /**
   * A collection by name: by its definition if it has been declared, and else as it is on disk, where any JSON may be
   * written, in the newest schema version that is there.
   *
   * @returns `undefined` if there is none, unless `create` is given.
   * @throws HoldfastError `INVALID_CONFIG` if the name can not be that of a collection
   */
  collectionNamed(name: string, options: { readonly create?: boolean } = {}): Collection<unknown> | undefined {
    const state = this.#parts.registry.find(name);
    if (state?.definition !== undefined) return this.collection(state.definition);
    if (state === undefined && options.create !== true) return undefined;
    const version = state?.largestSchemaVersion ?? 1;
    const migrations = Object.fromEntries(
      Array.from({ length: version - 1 }, (_, index) => [index + 1, (body: unknown) => body]),
    );
    return this.collection(defineCollection({ name, schema: z.unknown(), version, migrations }));
  }

  async transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    const { engine } = this.#parts;
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      engine.condition.assertReadable();
      const transaction = new StoreTransaction(engine);
      let result: Result;
      try {
        result = await work(transaction);
      } catch (error) {
        // What it threw may rest on something that is no longer so.
        if (error instanceof TransactionRestart || !transaction.stillHolds()) continue;
        await engine.committer?.settled(transaction.newestRead);
        throw error;
      }
      // Deletions make room: they do not wait for any.
      const admission = transaction.writes.some(({ content }) => content !== undefined)
        ? engine.admission()
        : undefined;
      if (admission !== undefined) await admission;
      // From the check to the commit nothing gives way, so nothing can come between them.
      if (!transaction.stillHolds()) continue;
      await this.#commit(transaction);
      return result;
    }
    throw new HoldfastError(
      "REVISION_CONFLICT",
      `The transaction lost the race for what it read ${mostAttempts} times; keep it shorter, or narrow what it reads.`,
    );
  }

  async #commit(transaction: StoreTransaction): Promise<void> {
    const { committer } = this.#parts.engine;
    const { writes } = transaction;
    if (writes.length === 0) {
      await committer?.settled(transaction.newestRead);
      return;
    }
    if (committer === undefined) throw new HoldfastError("READ_ONLY", "The state directory was opened for reading.");
    await committer.commit(writes).outcome;
  }

  changes(options: WatchOptions = {}): AsyncIterable<Change> {
    this.#parts.engine.condition.assertReadable();
    return this.#parts.engine.changes.follow(options.since, options.signal);
  }

  /** Moves everything acknowledged so far from the journal into the collections' files. */
  async checkpoint(): Promise<void> {
    this.#parts.engine.condition.assertReadable();
    await this.#parts.role.checkpoint();
  }

  /** Does so, and makes one pack of the packs of each collection: for a directory that is to be small, or copied. */
  async compact(): Promise<void> {
    this.#parts.engine.condition.assertReadable();
    await this.#parts.role.compact();
  }

  /**
   * Resolves when everything acknowledged is on disk and the directory is free for the next one. Can be called again.
   *
   * @param beforeRelease called in between: all is on disk, the directory still held.
   */
  async close(beforeRelease: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    this.#closing ??= this.#close(beforeRelease);
    await this.#closing;
  }

  async #close(beforeRelease: () => Promise<void>): Promise<void> {
    const { engine, role, blobs } = this.#parts;
    engine.condition.set({ state: "closed" });
    await blobs.close();
    engine.changes.close();
    try {
      await role.close(beforeRelease);
    } finally {
      for (const { packs } of this.#parts.registry.all()) for (const pack of packs.packs) await pack.retire();
    }
  }
}
