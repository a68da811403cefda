import type { VectorBackend } from "./vector-backend.js";

/**
 * Collections in this process's memory. They are gone after a restart, which the reconciliation report then says; for
 * routers that embed a small in-process index, for examples and tests.
 */
export class MemoryVectorBackend implements VectorBackend {
  readonly name: string;
  readonly #collections = new Map<string, Map<string, unknown>>();

  constructor(name = "memory") {
    this.name = name;
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve([...this.#collections.keys()]);
  }

  create(collection: string): Promise<void> {
    if (!this.#collections.has(collection)) this.#collections.set(collection, new Map());
    return Promise.resolve();
  }

  delete(collection: string): Promise<void> {
    this.#collections.delete(collection);
    return Promise.resolve();
  }

  /** What stands in a collection, for the program that fills it; `undefined` if there is no such collection. */
  contentOf(collection: string): Map<string, unknown> | undefined {
    return this.#collections.get(collection);
  }
}
