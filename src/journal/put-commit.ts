import type { StoredText } from "../files/encoded-text.js";

/**
 * A commit that puts one document and does nothing else, read but for the body, which is left where it stands. Most
 * commits are such; an opening waits for all that no checkpoint covers, and needs next to none of the bodies.
 */
export class PutCommit {
  constructor(
    /** Its line is `[start, end)` of the segment, the line feed excluded. */
    readonly start: number,
    readonly end: number,
    readonly sequence: number,
    readonly durable: number,
    readonly time: string,
    readonly collection: string,
    readonly id: string,
    readonly revision: number,
    readonly schemaVersion: number,
    readonly createdAt: string,
    readonly createdSequence: number,
    readonly createdIndex: number,
    readonly expiresAt: string | undefined,
    /**
     * JSON, if a conforming program wrote the line, as long as it is needed: it keeps the bytes of the whole segment in
     * memory.
     */
    public body: StoredText | undefined,
  ) {}
}
