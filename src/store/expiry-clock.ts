import type { Clock } from "../files/clock.js";

/** How far the wall clock is believed at once when a directory is opened: an ordinary time of being switched off. */
const believedAtOpenMs = 60 * 60 * 1000;
/** How much faster than real time the expiry clock may catch up with the wall clock. */
const catchUpPace = 60;

/**
 * The time that decides what has expired. It follows the wall clock, but a clock that is set wrong must not delete what
 * people stored: this one never goes back, and it gains on real time only at a bounded pace. A machine that was off for
 * a month lets old documents live some hours longer; one whose clock jumps a year ahead, and is put right within days,
 * loses nothing.
 */
export class ExpiryClock {
  readonly #clock: Clock;
  #time: number;
  #elapsed: number;

  /** @param lastSeen what this clock said when it was last recorded; `undefined` in a new directory. */
  constructor(clock: Clock, lastSeen: number | undefined) {
    this.#clock = clock;
    this.#elapsed = clock.elapsed();
    const wall = clock.now();
    this.#time = lastSeen === undefined ? wall : Math.max(lastSeen, Math.min(wall, lastSeen + believedAtOpenMs));
  }

  now(): number {
    const elapsed = this.#clock.elapsed();
    const passed = Math.max(0, elapsed - this.#elapsed);
    this.#elapsed = elapsed;
    const steady = this.#time + passed;
    const wall = this.#clock.now();
    this.#time = wall <= steady ? steady : Math.min(wall, this.#time + passed * catchUpPace);
    return this.#time;
  }

  /** How far the wall clock is ahead of this one, in milliseconds; negative if it is behind. */
  lead(): number {
    return this.#clock.now() - this.now();
  }
}
