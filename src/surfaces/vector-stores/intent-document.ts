import { z } from "zod";
import { defineCollection, type Document } from "../../collections/index.js";
import { documentIdSchema } from "../history/identifiers.js";
import { attachmentSchema } from "./attachment-document.js";
import { backendCollectionSchema } from "./vector-store-document.js";

/**
 * Something that is about to be done outside the store. It is durable before the outside is asked, and goes once store
 * and outside agree again, so a crash at any moment leaves either nothing to do or a document that says what.
 */
export const intentSchema = z.looseObject({
  /**
   * `create`: a collection is being made for a vector store that is not stored yet; found later, it is rolled back.
   * `delete`: a vector store is gone; its files, batches and collection are still to be removed.
   * `expire`: a vector store has expired; its collection is still to be removed.
   * `release`: a file was detached; what its ingestion made is still to be removed.
   */
  action: z.enum(["create", "delete", "expire", "release"]),
  vector_store_id: documentIdSchema,
  backend: backendCollectionSchema.optional(),
  /** The attachment as it was, for `release`. */
  attachment: attachmentSchema.optional(),
  /** How often it was tried to carry this out after it had been interrupted or had failed. */
  attempts: z.int().min(0),
  /** What the last of them failed with. */
  last_failure: z.string().optional(),
});
export type IntentBody = z.infer<typeof intentSchema>;
export type Intent = Document<IntentBody>;

/** What is noted. */
export type NewIntent = Pick<IntentBody, "action" | "vector_store_id" | "backend" | "attachment">;

export const intentsCollection = defineCollection<IntentBody>({
  name: "vector_store_intents",
  schema: intentSchema,
  indexes: { vector_store: { path: "vector_store_id" } },
});

/** One of each kind for a vector store; of releases one for each ownership token. */
export function intentId({ action, vector_store_id, attachment }: NewIntent): string {
  return `${action}:${attachment?.attachment ?? vector_store_id}`;
}
