import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import { checkId } from "../../collections/check-id.js";
import { isHoldfastError } from "../../errors.js";

/** The longest id the store takes, in characters. */
export const longestId = 256;

/** The id of a response or conversation: whatever a store takes as the id of a document. */
export const documentIdSchema = z.string().superRefine((id, context) => {
  try {
    checkId(id);
  } catch (error) {
    if (!isHoldfastError(error, "INVALID_ID")) throw error;
    for (const { message } of error.problems) context.addIssue({ code: "custom", message });
  }
});

/** The id of an item. It need not name a document by itself: see {@link conversationItemKey}. */
export const itemIdSchema = z
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
  const key = `${escaped(conversation)}:${escaped(item)}`;
  return key.length <= longestId ? key : derivedId("item_", conversation, item);
}

/** Escapes, beside what a URL would, the dot: a store takes no id with two in a row. */
function escaped(id: string): string {
  return encodeURIComponent(id).replaceAll(".", "%2E");
}
