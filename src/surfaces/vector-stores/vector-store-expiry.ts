import type { StoredVectorStoreBody } from "./vector-store-document.js";

const daySeconds = 24 * 60 * 60;

/** @returns when a store expires, in seconds since 1970; `undefined` for one that does not. */
export function expiresAt({ vector_store }: StoredVectorStoreBody): number | undefined {
  const { expires_after, last_active_at } = vector_store;
  return expires_after && last_active_at + expires_after.days * daySeconds;
}

/** @param now in seconds since 1970. */
export function isExpired(body: StoredVectorStoreBody, now: number): boolean {
  return body.expired_at !== undefined || (expiresAt(body) ?? Number.POSITIVE_INFINITY) <= now;
}
