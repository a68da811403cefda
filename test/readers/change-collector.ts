import { EventEmitter, once } from "node:events";
import type { Change } from "../../src/collections/index.js";
import type { StateDirectory } from "../../src/open-state-directory.js";

/** Follows changes in the background, so that a test can do something and then wait for what comes of it. */
export class ChangeCollector implements AsyncDisposable {
  readonly changes: Change[] = [];
  /** What ended it, if something did. */
  failure: unknown;
  readonly #abort = new AbortController();
  readonly #progress = new EventEmitter();
  readonly #done: Promise<void>;

  constructor(state: StateDirectory, since?: number) {
    const { signal } = this.#abort;
    this.#done = this.#collect(state.changes(since === undefined ? { signal } : { since, signal }));
  }

  get sequences(): number[] {
    return this.changes.map(({ sequence }) => sequence);
  }

  get last(): number {
    return this.changes.at(-1)?.sequence ?? 0;
  }

  /** The ids that were put in a collection, in order. */
  ids(collection: string): string[] {
    return this.changes.flatMap(({ operations }) =>
      operations.flatMap((operation) => (operation.collection === collection ? [operation.id] : [])),
    );
  }

  /** Resolves once what was collected fulfils the condition. A test that waits in vain ends by its time limit. */
  async until(condition: (collector: this) => boolean): Promise<void> {
    while (!condition(this)) {
      if (this.failure !== undefined) throw this.failure as Error;
      await once(this.#progress, "progress");
    }
  }

  /** Resolves when following has ended by itself. */
  async ended(): Promise<void> {
    await this.#done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  async #collect(changes: AsyncIterable<Change>): Promise<void> {
    try {
      for await (const change of changes) {
        this.changes.push(change);
        this.#progress.emit("progress");
      }
    } catch (error) {
      this.failure = error;
      this.#progress.emit("progress");
    }
  }
}

/** The whole numbers from the first to the last, both included. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
