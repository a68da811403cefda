import { EventEmitter, once } from "node:events";
import type { WatchedStartupStatus } from "../../src/watch/index.js";

/** Follows a watch in the background, so that a test can do something and then wait for what comes of it. */
export class Collector implements AsyncDisposable {
  readonly seen: WatchedStartupStatus[] = [];
  readonly #abort = new AbortController();
  readonly #progress = new EventEmitter();
  readonly #done: Promise<void>;
  #failure: unknown;

  constructor(watch: (signal: AbortSignal) => AsyncIterable<WatchedStartupStatus>) {
    this.#done = this.#collect(watch(this.#abort.signal));
  }

  get last(): WatchedStartupStatus | undefined {
    return this.seen.at(-1);
  }

  /** Resolves once what was seen fulfils the condition. A test that waits in vain ends by its time limit. */
  async until(condition: (collector: this) => boolean): Promise<void> {
    while (!condition(this)) {
      if (this.#failure !== undefined) throw this.#failure as Error;
      await once(this.#progress, "progress");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  async #collect(watch: AsyncIterable<WatchedStartupStatus>): Promise<void> {
    try {
      for await (const status of watch) {
        this.seen.push(status);
        this.#progress.emit("progress");
      }
    } catch (error) {
      this.#failure = error;
      this.#progress.emit("progress");
    }
  }
}
