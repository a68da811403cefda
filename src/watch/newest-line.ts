const lineFeed = 0x0a;

/**
 * The newest whole line of what a connection brings, in pieces of any size. An older line that nobody took is dropped:
 * each says all there is to say.
 */
export class NewestLine {
  readonly #longestBytes: number;
  #begun: Buffer | undefined;
  #line: Buffer | undefined;

  /** @param longestBytes what has no end after so many bytes is handed over as it is, rather than kept growing. */
  constructor(longestBytes: number) {
    this.#longestBytes = longestBytes;
  }

  /** @returns whether there is a line to take that was not there before. */
  add(bytes: Buffer): boolean {
    const all = this.#begun === undefined ? bytes : Buffer.concat([this.#begun, bytes]);
    const end = all.lastIndexOf(lineFeed) + 1;
    const isTooLong = all.length - end > this.#longestBytes;
    this.#begun = end === all.length || isTooLong ? undefined : all.subarray(end);
    if (isTooLong) this.#line = all.subarray(end);
    else if (end > 0) this.#line = all.subarray(end > 1 ? all.lastIndexOf(lineFeed, end - 2) + 1 : 0, end);
    return isTooLong || end > 0;
  }

  /** @returns the newest line, its line feed included, once. */
  take(): Buffer | undefined {
    const line = this.#line;
    this.#line = undefined;
    return line;
  }
}
