import type { Maintained } from "../collections/index.js";

export interface UpkeepOptions {
  /** How often, in milliseconds. Default one hour. */
  readonly intervalMs?: number;
  /** Gets the failures of a round, of which nothing is lost: the next round takes the work up again. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Does what the surfaces have to do from time to time: expiry, retention, interrupted deletions. Once at the start and
 * then at intervals. It never keeps the process alive. One round runs at a time, and a surface that fails does not keep
 * the others from their work.
 */
export class Upkeep {
  readonly #surfaces: readonly Maintained[];
  readonly #options: UpkeepOptions;
  readonly #stopping = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #round: Promise<void> | undefined;

  constructor(surfaces: readonly Maintained[], options: UpkeepOptions) {
    this.#surfaces = surfaces;
    this.#options = options;
    this.#timer = setInterval(this.#begin, options.intervalMs ?? 60 * 60 * 1000);
    this.#timer.unref();
    this.#begin();
  }

  /** Ends the rounds. @returns once the running one has come to an end; what it has left is for the next process. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#round;
  }

  readonly #begin = (): void => {
    this.#round ??= this.#run().finally(() => {
      this.#round = undefined;
    });
  };

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (const surface of this.#surfaces) {
      try {
        signal.throwIfAborted();
        await surface.maintain({ signal });
      } catch (error) {
        if (!signal.aborted) this.#options.onFailure(error);
      }
    }
  }
}
