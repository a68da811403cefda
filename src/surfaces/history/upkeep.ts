/** What has to be done for histories from time to time. */
export interface UpkeepTasks {
  readonly responses: { removeExpired(options: { readonly signal: AbortSignal }): Promise<number> };
  readonly conversations: { finishDeletions(options: { readonly signal: AbortSignal }): Promise<number> };
}

export interface UpkeepOptions {
  /** How often, in milliseconds. Default one hour. */
  readonly intervalMs?: number;
  /** Gets the failures of a round, of which nothing is lost: the next round takes the work up again. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Finishes interrupted deletions and removes expired histories, once at the start and then at intervals. It never keeps
 * the process alive. One round runs at a time.
 */
export class Upkeep {
  readonly #tasks: UpkeepTasks;
  readonly #options: UpkeepOptions;
  readonly #stopping = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #round: Promise<void> | undefined;

  constructor(tasks: UpkeepTasks, options: UpkeepOptions) {
    this.#tasks = tasks;
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
    try {
      await this.#tasks.conversations.finishDeletions({ signal });
      await this.#tasks.responses.removeExpired({ signal });
    } catch (error) {
      if (!signal.aborted) this.#options.onFailure(error);
    }
  }
}
