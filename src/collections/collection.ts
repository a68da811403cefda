import type { Change } from "./change.js";
import type { IndexValue } from "./definition.js";
import type { Document, DocumentHead } from "./document.js";

export interface RevisionOptions {
  /** Go ahead only if the document is at this revision; 0 means that it must not exist. Else `REVISION_CONFLICT`. */
  readonly ifRevision?: number;
}

export interface WriteOptions extends RevisionOptions {
  /** When this document expires (ISO 8601, or a Date); `null` for never. Default: the collection's retention. */
  readonly expiresAt?: string | Date | null;
}

/** A place in the declared order of a collection; no document need stand there. */
export interface OrderPosition {
  /** The value of the member that the order is over. */
  readonly value: IndexValue;
  readonly id: string;
}

export interface ListOptions {
  /** Equality on declared indexes; all must hold. */
  readonly where?: Readonly<Record<string, IndexValue>>;
  /** Along the order that the collection declares, or against it. Default `"asc"`. */
  readonly order?: "asc" | "desc";
  /** 1 to 10,000. Default 100. */
  readonly limit?: number;
  /**
   * Continue behind the document of this id, in the chosen order; the document itself is left out. A position works only
   * where the collection declares an order, and goes on working when the document it was taken from is gone.
   */
  readonly after?: string | OrderPosition;
  /** End before it: the page that directly precedes. Not together with `after`. */
  readonly before?: string | OrderPosition;
  readonly signal?: AbortSignal;
}

export interface Page<Body> {
  readonly documents: Document<Body>[];
  /** Whether more documents follow in the direction that was read. */
  readonly hasMore: boolean;
}

export interface WatchOptions {
  /** Yield what was committed after this sequence number. Default: from now on. */
  readonly since?: number;
  readonly signal?: AbortSignal;
}

/** What can be read from a collection, inside a transaction and outside. */
export interface ReadableCollection<Body> {
  readonly name: string;

  /**
   * Reads one document, migrated to the current schema version.
   *
   * @returns the caller's own copy, or `undefined` if there is none (or it has expired).
   * @throws HoldfastError `INVALID_ID`, `CLOSED`; `CORRUPT` if what is on disk can not be trusted;
   * `UNSUPPORTED_FORMAT` if a newer program wrote it. An outage is never reported as absence.
   */
  get(id: string): Promise<Document<Body> | undefined>;

  /**
   * Reads a page, as of one moment.
   *
   * @throws HoldfastError `INVALID_CURSOR` if `after` or `before` names no document of this collection;
   * `INVALID_CONFIG` for an undeclared index, a limit out of range, or a position without a declared order; those of {@link get}.
   */
  list(options?: ListOptions): Promise<Page<Body>>;

  /** Counts documents, of one index value when `where` is given. */
  count(options?: Pick<ListOptions, "where">): Promise<number>;
}

/**
 * A collection of versioned documents.
 *
 * Every write resolves only once it is durable: after that it survives SIGKILL, power loss and a full disk. All writes
 * may reject with `INVALID_ID`, `INVALID_DOCUMENT`, `DOCUMENT_TOO_LARGE`, `REVISION_CONFLICT`, `READ_ONLY`,
 * `WRITER_FENCED`, `STORAGE_FULL`, `STORAGE_FAILED` and `CLOSED`. A rejected write is there whole or not at all:
 * `STORAGE_FAILED` and `WRITER_FENCED` leave open which, every other code means not at all.
 */
export interface Collection<Body> extends ReadableCollection<Body> {
  /** Creates a document. @throws HoldfastError `ALREADY_EXISTS` */
  insert(id: string, body: Body, options?: Pick<WriteOptions, "expiresAt">): Promise<DocumentHead>;

  /** Creates or replaces a document. */
  put(id: string, body: Body, options?: WriteOptions): Promise<DocumentHead>;

  /**
   * Replaces a document by what `change` makes of it. `change` runs at once, against the newest version, acknowledged or
   * not, so updates of one hot document share flushes. It gets its own copy and returns the new body, or `undefined` to
   * leave the document as it is. It must be synchronous.
   *
   * @throws HoldfastError `NOT_FOUND`
   */
  update(
    id: string,
    change: (body: Body, head: DocumentHead) => Body | undefined,
    options?: WriteOptions,
  ): Promise<DocumentHead>;

  /** Deletes a document. @returns whether there was one. */
  delete(id: string, options?: RevisionOptions): Promise<boolean>;

  /** The committed changes of this collection, as they happen. See `Store.changes`. */
  watch(options?: WatchOptions): AsyncIterable<Change>;
}

/**
 * A collection inside a transaction: reads see the transaction's own writes; writes take effect together when it
 * commits, or not at all.
 */
export interface TransactionCollection<Body> extends ReadableCollection<Body> {
  insert(id: string, body: Body, options?: Pick<WriteOptions, "expiresAt">): Promise<void>;
  put(id: string, body: Body, options?: WriteOptions): Promise<void>;
  update(
    id: string,
    change: (body: Body, head: DocumentHead) => Body | undefined,
    options?: WriteOptions,
  ): Promise<void>;
  delete(id: string, options?: RevisionOptions): Promise<boolean>;
}
