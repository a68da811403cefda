/** What has happened to records since this process opened the store. Whole numbers that only grow. */
export interface ReplayCounters {
  readonly added: number;
  readonly changed: number;
  /** Removed by a caller. */
  readonly deleted: number;
  /** Removed because their time was up. */
  readonly expired: number;
  /** Removed because there were too many, or too many bytes. */
  readonly retired: number;
  /** Ended by the store because their recorder was gone. */
  readonly aborted: number;
  /** Records that were handed in and are not stored: each one is missing from every statistic. */
  readonly dropped: number;
  /** Changes that were handed in and are not stored. */
  readonly failedChanges: number;
  /** Removals that did not go through. */
  readonly failedRemovals: number;
  /** Records that lost captured text to their size limit with a write. */
  readonly degraded: number;
  /** How often the counters had to be counted anew. */
  readonly recounts: number;
}

/** Counts what happens to records, so that what is lost is at least known. */
export class ReplayMetrics {
  readonly #counters: { -readonly [Name in keyof ReplayCounters]: number } = {
    added: 0,
    changed: 0,
    deleted: 0,
    expired: 0,
    retired: 0,
    aborted: 0,
    dropped: 0,
    failedChanges: 0,
    failedRemovals: 0,
    degraded: 0,
    recounts: 0,
  };

  get counters(): ReplayCounters {
    return { ...this.#counters };
  }

  /** Counts a success or a failure of `work`, which goes on to its caller. */
  async observe<Result>(
    success: keyof ReplayCounters,
    failure: keyof ReplayCounters,
    work: () => Promise<Result>,
    count: (result: Result) => number = () => 1,
  ): Promise<Result> {
    let result: Result;
    try {
      result = await work();
    } catch (error) {
      this.#counters[failure] += 1;
      throw error;
    }
    this.#counters[success] += count(result);
    return result;
  }

  retired(count: number): void {
    this.#counters.retired += count;
  }

  degraded(): void {
    this.#counters.degraded += 1;
  }

  recounted(): void {
    this.#counters.recounts += 1;
  }
}
