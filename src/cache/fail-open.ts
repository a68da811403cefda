import type { TroubleReports } from "./trouble.js";
import { TooSlow, within } from "./within.js";

export interface FailOpenOptions {
  /** How long an operation may take, in milliseconds; absent for a store in memory, which is never waited for. */
  readonly timeoutMs: number | undefined;
  /** How long nothing is tried after an operation that took longer, in milliseconds. */
  readonly pauseMs: number;
  readonly reports: TroubleReports;
}

/** What came of an operation: its result, or that there is none. */
export type Attempt<Result> = { readonly result: Result } | undefined;

/**
 * Keeps trouble with a cache away from the requests: an operation succeeds, or it is as if there were no cache.
 *
 * A server that refuses costs nothing. One that does not answer costs the timeout; the pause after it bounds how many
 * requests pay for finding that out again.
 */
export class FailOpen {
  errors = 0;
  timeouts = 0;
  skipped = 0;
  readonly #options: FailOpenOptions;
  #pausedUntil = 0;
  #closed = false;

  constructor(options: FailOpenOptions) {
    this.#options = options;
  }

  /** From now on nothing is attempted. */
  close(): void {
    this.#closed = true;
  }

  /**
   * @param timeoutMs for this operation, in milliseconds; by default that of the options.
   * @returns what `work` resolved to; `undefined` if it failed, took too long, or was not tried.
   */
  async attempt<Result>(
    operation: string,
    work: () => Promise<Result>,
    timeoutMs = this.#options.timeoutMs,
  ): Promise<Attempt<Result>> {
    if (this.#closed || performance.now() < this.#pausedUntil) {
      this.skipped += 1;
      return undefined;
    }
    try {
      return { result: await (timeoutMs === undefined ? work() : within(timeoutMs, work())) };
    } catch (error) {
      this.errors += 1;
      if (error instanceof TooSlow) {
        this.timeouts += 1;
        this.#pausedUntil = performance.now() + this.#options.pauseMs;
      }
      this.#options.reports.add(operation, error);
      return undefined;
    }
  }
}
