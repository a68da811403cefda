import type { Readable } from "node:stream";

/** What is known of stored bytes without reading them. */
export interface BlobInfo {
  readonly id: string;
  /** How many bytes. */
  readonly size: number;
}

/** Bytes that are durable, with what was computed of them while they were written. */
export interface StoredBlob extends BlobInfo {
  /** SHA-256 of the bytes, as 64 lowercase hex digits. */
  readonly sha256: string;
}

/** Both ends belong to the range, counted in bytes from 0, and lie within the bytes. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

export interface WriteBlobOptions {
  /** Refuses more bytes than this while they arrive. Default: no limit. */
  readonly limitBytes?: number;
  /** Gives up: the call rejects with the signal's reason, and nothing is left. */
  readonly signal?: AbortSignal;
}

/**
 * Bytes beside the documents. A blob is written once, under an id that nothing else has or had, and never changed. It
 * belongs to a document that names it; bytes that no document names are not part of the state. So the bytes are stored
 * first and the document is committed after them: whatever a crash leaves, a document's bytes are there.
 *
 * An id is one a document could have, and short enough to be a file's name: 180 characters, where each byte that is not
 * one of `a-z 0-9 - _ .` counts three.
 */
export interface BlobStore {
  /**
   * Stores what a stream yields.
   *
   * @returns once the bytes and their name are durable.
   * @throws HoldfastError `INVALID_ID`; `ALREADY_EXISTS`; `DOCUMENT_TOO_LARGE` (with `details.limitBytes`) as soon as
   * the limit is passed; `STORAGE_FULL`, `STORAGE_FAILED`, `READ_ONLY`, `WRITER_FENCED`, `CLOSED`; and whatever the
   * stream fails with, as it is. After a failure nothing of it is left; only where that could not be seen to, with
   * `STORAGE_FAILED` and `WRITER_FENCED`, may there be bytes that no document names.
   */
  write(id: string, bytes: AsyncIterable<Uint8Array>, options?: WriteBlobOptions): Promise<StoredBlob>;

  /** @returns `undefined` if there are no bytes of this id. @throws HoldfastError `INVALID_ID`, `STORAGE_FAILED`, `CLOSED` */
  stat(id: string): Promise<BlobInfo | undefined>;

  /**
   * Reads bytes, or a range of them. What is being read stays whole also if it is removed meanwhile.
   *
   * @returns `undefined` if there are no bytes of this id. The stream holds a resource until it has ended or been
   * destroyed; it fails with `STORAGE_FAILED`, or `CORRUPT` if the bytes end too soon.
   * @throws HoldfastError `INVALID_ID`, `STORAGE_FAILED`, `CLOSED`; `INVALID_CONFIG` for a range outside the bytes.
   */
  read(id: string, range?: ByteRange): Promise<Readable | undefined>;

  /**
   * Removes bytes for good.
   *
   * @returns whether there were any, once their absence is durable.
   * @throws HoldfastError `INVALID_ID`, `READ_ONLY`, `STORAGE_FAILED`, `WRITER_FENCED`, `CLOSED`
   */
  remove(id: string): Promise<boolean>;

  /**
   * Puts bytes that belong to nothing where an operator finds them.
   *
   * @param why in words joined by hyphens.
   * @returns where.
   * @throws HoldfastError `INVALID_ID`, `READ_ONLY`, `STORAGE_FULL`, `STORAGE_FAILED`, `WRITER_FENCED`, `CLOSED`
   */
  quarantine(id: string, why: string): Promise<string>;

  /** Every blob there is, in no particular order. Those that come or go meanwhile may be among them. */
  list(): AsyncIterable<BlobInfo>;
}
