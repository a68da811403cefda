import { setImmediate as giveWay, setTimeout as delay } from "node:timers/promises";

/** Timers come no more exactly than this. */
const shortestDelayMs = 2;
/** How much of what was not used up until now may be used at once. */
const burstMs = 20;

/** Keeps work to so many bytes a second on the whole, and lets others have the thread in between. */
export class Throttle {
  readonly #bytesPerMs: number;
  /** When all that was spent would be paid for. */
  #paidAt = 0;

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1_000;
  }

  async spend(bytes: number): Promise<void> {
    const now = performance.now();
    this.#paidAt = Math.max(this.#paidAt, now - burstMs) + bytes / this.#bytesPerMs;
    const ahead = this.#paidAt - now;
    if (ahead < shortestDelayMs) await giveWay();
    else await delay(ahead);
  }
}
