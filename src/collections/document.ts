/** What the store knows of a document besides its body. */
export interface DocumentHead {
  readonly id: string;
  /** Counts this document's versions from 1. */
  readonly revision: number;
  /** The store-wide number of the commit that wrote this version. All order comes from it. */
  readonly sequence: number;
  /** ISO 8601, UTC, milliseconds. For people; order never depends on it. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When the document stops being readable; absent for one that does not expire. */
  readonly expiresAt?: string;
}

/** A document as read: the caller's own copy, free to change. */
export interface Document<Body> extends DocumentHead {
  readonly body: Body;
}
