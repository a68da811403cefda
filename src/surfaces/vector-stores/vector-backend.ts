import { HoldfastError } from "../../errors.js";
import type { Attributes } from "./attributes.js";

/** What is asked of a search. Its members are those of the wire, checked. */
export interface SearchRequest {
  readonly queries: readonly string[];
  /** 1 to 50. */
  readonly maxResults: number;
  /** A comparison or a compound of them, as OpenAI defines them; absent for no filter. */
  readonly filters?: unknown;
  readonly rankingOptions?: unknown;
  readonly rewriteQuery: boolean;
}

export interface SearchResult {
  readonly file_id: string;
  readonly filename: string;
  /** 0 to 1. */
  readonly score: number;
  readonly attributes: Attributes | null;
  readonly content: readonly { readonly type: "text"; readonly text: string }[];
}

/**
 * A vector database: it has collections of chunks, one for each vector store. What stands in them is the business of
 * whoever ingests; here they are only made, removed and compared with the vector stores there are.
 *
 * Every call may be repeated after a crash or a failure, also one that had been carried out, so both writes are
 * idempotent. A call that fails may have been carried out or not.
 */
export interface VectorBackend {
  /** Stored with each vector store; a backend of another name is never asked for its collection. */
  readonly name: string;
  /** The names of all collections there are. */
  list(): Promise<readonly string[]>;
  /** Makes an empty collection; fine if there is one of this name. */
  create(collection: string): Promise<void>;
  /** Removes a collection with all that stands in it; fine if there is none. */
  delete(collection: string): Promise<void>;
  /** Absent where searching is done elsewhere. */
  search?(collection: string, request: SearchRequest): Promise<readonly SearchResult[]>;
}

/** @param what such as `make the collection "vs_1"` */
export function backendFailure(backend: string, what: string, cause: unknown): HoldfastError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HoldfastError(
    "BACKEND_FAILED",
    `The vector backend ${JSON.stringify(backend)} could not ${what}: ${reason}.`,
    {
      cause,
      details: { backend },
    },
  );
}
