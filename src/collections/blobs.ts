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

/** Both ends belong to the range, counted in bytes from 0. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

export interface WriteBlobOptions {
  /** Refuses more bytes than this while they arrive. Default: no limit. */
  readonly limitBytes?: number;
  readonly signal?: AbortSignal;
}

/**
 * Bytes beside the documents. A blob is written once, under an id that nothing else has, and never changed. It belongs
 * to a document that names it; bytes that no document names are not part of the state. So the bytes are stored first and
 * the document is committed after them: whatever a crash leaves, a document's bytes are there.
 */
export interface BlobStore {
  /**
   * Stores what a stream yields.
   *
   * @returns once the bytes and their name are durable.
   * @throws HoldfastError `INVALID_ID`; `ALREADY_EXISTS`; `DOCUMENT_TOO_LARGE` (with `details.limitBytes`) as soon as
   * the limit is passed; `STORAGE_FULL`, `STORAGE_FAILED`, `READ_ONLY`, `WRITER_FENCED`, `CLOSED`; and whatever the
   * stream fails with. After a failure nothing of it is left.
   */
  write(id: string, bytes: AsyncIterable<Uint8Array>, options?: WriteBlobOptions): Promise<StoredBlob>;

  /** @returns `undefined` if there are no bytes of this id. @throws HoldfastError `INVALID_ID`, `STORAGE_FAILED`, `CLOSED` */
  stat(id: string): Promise<BlobInfo | undefined>;

  /**
   * Reads bytes, or a range of them. What is being read stays whole also if it is removed meanwhile.
   *
   * @returns `undefined` if there are no bytes of this id.
   * @throws HoldfastError `INVALID_ID`, `STORAGE_FAILED`, `CLOSED`
   */
  read(id: string, range?: ByteRange): Promise<Readable | undefined>;

  /** Removes bytes for good. @returns whether there were any. @throws HoldfastError `READ_ONLY`, `STORAGE_FAILED` … */
  remove(id: string): Promise<boolean>;

  /** Puts bytes that belong to nothing where an operator finds them. @returns where. */
  quarantine(id: string, why: string): Promise<string>;

  /** Every blob there is, in no particular order. */
  list(): AsyncIterable<BlobInfo>;
}
