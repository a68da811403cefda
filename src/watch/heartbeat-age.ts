import type { Clock } from "../files/clock.js";

/**
 * How long ago a writer last touched its file, by the watcher's own clock.
 *
 * Only the very first look compares the file's time with the wall clock, since there is nothing else to go by. From
 * then on the file's time serves only to see *that* it changed: two clocks that disagree can neither keep a dead writer
 * alive nor bury a living one. Time in which the watcher itself did not look (stopped, or too busy) does not count, for
 * it does not know what it would have seen.
 */
export class HeartbeatAge {
  readonly #clock: Clock;
  readonly #longestGapMs: number;
  #seen: string | undefined;
  #ageMs = 0;
  #lookedAt = 0;

  /** @param longestGapMs how much time between two looks counts at most. */
  constructor(clock: Clock, longestGapMs: number) {
    this.#clock = clock;
    this.#longestGapMs = longestGapMs;
  }

  /**
   * To be called at each look.
   *
   * @param sign changes with each sign of life; `undefined` if the file could not be seen this time.
   * @param modifiedAtMs the file's time where it is to be believed, at a first look; else `undefined`.
   * @returns milliseconds since the last sign of life.
   */
  observe(sign: string | undefined, modifiedAtMs: number | undefined): number {
    const now = this.#clock.elapsed();
    if (sign !== undefined && sign !== this.#seen) {
      this.#ageMs = modifiedAtMs === undefined ? 0 : Math.max(0, this.#clock.now() - modifiedAtMs);
      this.#seen = sign;
    } else {
      this.#ageMs += Math.min(now - this.#lookedAt, this.#longestGapMs);
    }
    this.#lookedAt = now;
    return this.#ageMs;
  }
}
