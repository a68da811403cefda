import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "../../src/collections/index.js";
import { HoldfastError } from "../../src/errors.js";
import { openStateDirectory, type StateDirectory } from "../../src/open-state-directory.js";

/** One engine, as the contract of the surfaces needs it. Another engine is added by another factory. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: Store;
  /** Closes the store and opens it again; what was acknowledged must be there. */
  reopen(): Promise<Store>;
}

export type StoreFactory = () => Promise<StoreUnderTest>;

export interface StateDirectoryUnderTest extends StoreUnderTest {
  readonly store: StateDirectory;
  readonly directory: string;
  reopen(): Promise<StateDirectory>;
}

/** The state directory, in a folder of its own that goes with it. */
export async function stateDirectoryUnderTest(): Promise<StateDirectoryUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-surfaces-"));
  let current = await openStateDirectory({ directory });
  return {
    directory,
    get store() {
      return current;
    },
    async reopen() {
      await current.close();
      current = await openStateDirectory({ directory });
      return current;
    },
    async [Symbol.asyncDispose]() {
      await current.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/**
 * The store, until it has committed so many transactions: every later one fails before it begins, as it would if the
 * process had died there. What was committed before stays, as it would.
 */
export function diesAfter(store: Store, transactions: number): Store {
  let left = transactions;
  return {
    collection: (definition) => store.collection(definition),
    changes: (options) => store.changes(options),
    get lastSequence() {
      return store.lastSequence;
    },
    transaction: (work) => {
      if (left === 0) return Promise.reject(new Error("the process died here"));
      left -= 1;
      return store.transaction(work);
    },
  };
}

/** The store on a full disk: it refuses every transaction that does anything but delete. */
export function onFullDisk(store: Store): Store {
  return {
    collection: (definition) => store.collection(definition),
    changes: (options) => store.changes(options),
    get lastSequence() {
      return store.lastSequence;
    },
    transaction: (work) =>
      store.transaction(async (transaction) => {
        let writes = 0;
        const write = (): Promise<void> => {
          writes += 1;
          return Promise.resolve();
        };
        const result = await work({
          collection: (definition) => {
            const collection = transaction.collection(definition);
            return {
              name: collection.name,
              get: (id) => collection.get(id),
              list: (options) => collection.list(options),
              count: (options) => collection.count(options),
              delete: (id, options) => collection.delete(id, options),
              insert: write,
              put: write,
              update: write,
            };
          },
        });
        if (writes > 0) throw new HoldfastError("STORAGE_FULL", "The disk is full.");
        return result;
      }),
  };
}
