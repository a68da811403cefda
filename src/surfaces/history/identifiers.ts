import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";

/** The longest id the store takes, in characters. */
export const longestId = 256;

/** An id of a response, a conversation or an item: any text a store can use as a document's id. */
export const idSchema = z
  .string()
  .min(1, "must not be empty")
  .max(longestId, `must be at most ${longestId} characters`)
  .refine((id) => !/[\p{Cc}\p{Cs}]/u.test(id), "must not hold control characters or lone surrogates");

/** Makes an id that was never used: the prefix and 24 hexadecimal digits, as the reference makes them. */
export function newId(prefix: string): string {
  return prefix + randomBytes(12).toString("hex");
}

/**
 * Makes the id that these parts always get. A turn that is recorded again after a crash or a retry so keeps the ids of
 * its items, and whoever holds one as a cursor can go on with it.
 */
export function derivedId(prefix: string, ...parts: (string | number)[]): string {
  return prefix + createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 24);
}

/**
 * The document id of an item within its conversation. Items are named by models and clients, so the same id turns up in
 * several conversations; within one it is unique, and an insert under this key is what makes it so.
 *
 * The readable form always has a colon, which the escape leaves nowhere else; the hashed one, for long ids, never has.
 */
export function conversationItemKey(conversation: string, item: string): string {
  const key = `${encodeURIComponent(conversation)}:${encodeURIComponent(item)}`;
  return key.length <= longestId ? key : derivedId("item_", conversation, item);
}
