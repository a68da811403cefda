import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical-json.js";

/**
 * Whose answers may be reused for whom. Two requests share an entry only if all of it is equal; the members are those of
 * the reference. Each is optional, and one that is absent differs from one that is empty.
 */
export interface ResponseCachePartition {
  readonly recipe?: string | undefined;
  readonly decision?: string | undefined;
  readonly requestModel?: string | undefined;
  readonly selectedModel?: string | undefined;
  /** `chat_completions`, `responses`, … */
  readonly protocol?: string | undefined;
  /** The tenant, where answers of one must not reach another. */
  readonly namespace?: string | undefined;
  /** Grows when everything before is to be forgotten. */
  readonly epoch?: number | string | undefined;
}

/**
 * The key of an answer to exactly one request.
 *
 * @param partition whose answers may be reused for whom.
 * @param fingerprint all of the request that the answer depends on: messages, instructions, tools, sampling. Any JSON;
 * the order of members does not matter.
 * @returns `exact:v1:` and 64 hex digits: nothing of the request can be read from it. The reference joins the parts of a
 * partition with `:`, so that a part with a colon can read as two; here they are members of one canonical JSON.
 */
export function responseCacheKey(partition: ResponseCachePartition, fingerprint: unknown): string {
  return `exact:v1:${digest({ partition, fingerprint })}`;
}

/** One retrieval. */
export interface Retrieval {
  /** The kind of vector backend. */
  readonly backend: string;
  /** Which store was searched. The reference leaves it out, so that two stores share answers. */
  readonly vectorStore: string;
  /** Changes when the store's content does, such as its revision; without it, an entry is used until it expires. */
  readonly contentVersion?: number | string | undefined;
  readonly query: string;
  readonly topK: number;
  readonly threshold?: number | undefined;
  /** Whatever else shapes the result. */
  readonly filters?: unknown;
}

/** The key of what one retrieval found. @returns `rag:v1:` and 64 hex digits. */
export function retrievalCacheKey(retrieval: Retrieval): string {
  return `rag:v1:${digest(retrieval)}`;
}

function digest(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}
