import type { Collection, CollectionDefinition, Store } from "../../src/collections/index.js";
import type { VectorBackend } from "../../src/surfaces/vector-stores/index.js";

export class ProcessDied extends Error {}

/**
 * A process that dies at its n-th step: a step is a commit of the store or a call to the backend. From there on nothing
 * it asks for happens any more. `"before"`: the last step has not happened; `"after"`: it has, but nobody was told.
 */
export class DyingProcess {
  readonly #diesAt: number;
  readonly #when: "before" | "after";
  #steps = 0;

  constructor(diesAt: number, when: "before" | "after") {
    this.#diesAt = diesAt;
    this.#when = when;
  }

  /** Whether it got as far as its end. */
  hasDied(): boolean {
    return this.#steps >= this.#diesAt;
  }

  store(store: Store): Store {
    return {
      changes: (options) => store.changes(options),
      get lastSequence() {
        return store.lastSequence;
      },
      transaction: (work) => this.#step(() => store.transaction(work)),
      collection: <Body>(definition: CollectionDefinition<Body>): Collection<Body> => {
        const collection = store.collection(definition);
        return {
          name: collection.name,
          get: (id) => collection.get(id),
          list: (options) => collection.list(options),
          count: (options) => collection.count(options),
          watch: (options) => collection.watch(options),
          insert: (id, body, options) => this.#step(() => collection.insert(id, body, options)),
          put: (id, body, options) => this.#step(() => collection.put(id, body, options)),
          update: (id, change, options) => this.#step(() => collection.update(id, change, options)),
          delete: (id, options) => this.#step(() => collection.delete(id, options)),
        };
      },
    };
  }

  backend(backend: VectorBackend): VectorBackend {
    return {
      name: backend.name,
      list: () => backend.list(),
      create: (collection) => this.#step(() => backend.create(collection)),
      delete: (collection) => this.#step(() => backend.delete(collection)),
    };
  }

  async #step<Result>(step: () => Promise<Result>): Promise<Result> {
    if (this.hasDied()) throw new ProcessDied();
    this.#steps += 1;
    if (this.hasDied() && this.#when === "before") throw new ProcessDied();
    const result = await step();
    if (this.hasDied()) throw new ProcessDied();
    return result;
  }
}
