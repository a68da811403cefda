/**
 * A text as UTF-8 within a larger buffer. What has to stay in memory for seconds stays outside of the heap this way:
 * there, each collection of young garbage would copy it, twice, and at full load that costs as much as all the rest of a
 * write.
 */
export class EncodedText {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;

  /** @param bytes never written to again between `start` and `end`. */
  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /** In bytes. */
  get length(): number {
    return this.end - this.start;
  }

  toString(): string {
    return this.bytes.toString("utf8", this.start, this.end);
  }
}

/** A text in whichever form it is there; both have `length`, roughly bytes, and `toString`. */
export type StoredText = string | EncodedText;
