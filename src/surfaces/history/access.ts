/** A caller who wants to do something with a document, and whose document it is. */
export interface AccessRequest {
  readonly surface: "responses" | "conversations" | "vector_stores" | "files";
  readonly id: string;
  readonly action: "read" | "write" | "delete";
  /** Who asks: what the caller passed as `owner`, if anything. */
  readonly caller: string | undefined;
  /** Whose it is: what was stored as `owner`, if anything. */
  readonly owner: string | undefined;
}

/**
 * Decides whether a caller may do what it asks. What is denied reads as not found, so that no one can probe for ids.
 * Runs inside transactions, perhaps more than once: it must be quick and have no effect.
 */
export type AccessCheck = (request: AccessRequest) => boolean;

/** The default: a caller that names itself sees what is its own and nothing else; one that does not sees everything. */
export const ownerMatches: AccessCheck = ({ caller, owner }) => caller === undefined || caller === owner;

export interface OwnerOptions {
  /** Who asks. With the default access check, documents of anyone else, or of no one, are then not found. */
  readonly owner?: string | undefined;
}
