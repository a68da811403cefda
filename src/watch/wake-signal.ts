/**
 * Lets one loop sleep until something may have happened. Any number of calls to {@link notify}, before or during the
 * sleep, end it once: a burst becomes a single look.
 */
export class WakeSignal {
  #notified = false;
  #wake: (() => void) | undefined;

  notify(): void {
    this.#notified = true;
    this.#wake?.();
  }

  /** Sleeps for `milliseconds`, less if notified or if `signal` aborts. */
  async wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (!this.#notified && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
        signal?.addEventListener("abort", this.#wake, { once: true });
      });
      if (this.#wake !== undefined) signal?.removeEventListener("abort", this.#wake);
      this.#wake = undefined;
    }
    this.#notified = false;
  }
}
