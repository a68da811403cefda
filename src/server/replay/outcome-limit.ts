const windowMs = 60_000;

/** Counts what each role sends within a minute. */
export class OutcomeLimit {
  readonly #most: number;
  readonly #now: () => number;
  readonly #windows = new Map<string, { readonly until: number; count: number }>();

  /** @param now milliseconds since 1970. */
  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
  }

  /** Counts one more. @returns 0 if it may pass, else the seconds until one may. */
  secondsToWait(role: string): number {
    const now = this.#now();
    const window = this.#windows.get(role);
    if (window === undefined || now >= window.until) {
      this.#windows.set(role, { until: now + windowMs, count: 1 });
      return 0;
    }
    if (window.count >= this.#most) return Math.max(1, Math.ceil((window.until - now) / 1000));
    window.count += 1;
    return 0;
  }
}
