/**
 * Writes the newest state, at most one write at a time. However many requests come in while one is under way, a single
 * further write serves them all: what it writes is taken when it begins, so it includes what each of them wanted.
 */
export class LatestWriter {
  readonly #write: () => Promise<void>;
  #underWay: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** @param write takes the state as it is when called, and writes it. */
  constructor(write: () => Promise<void>) {
    this.#write = write;
  }

  /** @returns resolves or rejects with the first write that begins after this call. */
  request(): Promise<void> {
    this.#next ??= this.#afterCurrent();
    return this.#next;
  }

  /** Whether a write is under way or about to begin. */
  get busy(): boolean {
    return this.#underWay !== undefined || this.#next !== undefined;
  }

  /** Resolves once nothing is being written or waits for it, whatever came of it. */
  async idle(): Promise<void> {
    while (this.busy) {
      await Promise.allSettled([this.#underWay, this.#next]);
    }
  }

  async #afterCurrent(): Promise<void> {
    // One turn's requests share a write even when none is under way. A failure of the current write is its own
    // requesters' to hear.
    await Promise.allSettled([this.#underWay]);
    this.#next = undefined;
    const write = this.#write();
    this.#underWay = write;
    try {
      await write;
    } finally {
      if (this.#underWay === write) this.#underWay = undefined;
    }
  }
}
