import { z } from "zod";
import { defineCollection, type Document } from "../../collections/index.js";
import { documentIdSchema } from "../history/identifiers.js";

/** The most files that one batch attaches. */
export const mostFilesInBatch = 2_000;

/**
 * The body of a document in the collection `vector_store_batches`. Status and counts are not in it: they are derived from
 * the attachments of the files it names, so what happens to those happens to the batch.
 */
export const batchSchema = z.looseObject({
  batch: z.looseObject({
    id: documentIdSchema,
    object: z.literal("vector_store.files_batch"),
    created_at: z.number(),
    vector_store_id: documentIdSchema,
  }),
  /** Each once, in the order they were named. */
  files: z.array(documentIdSchema).min(1).max(mostFilesInBatch),
  /** Whether it was cancelled before it had come to its end. */
  cancelled: z.boolean(),
});
export type BatchBody = z.infer<typeof batchSchema>;
export type Batch = Document<BatchBody>;

export const batchesCollection = defineCollection<BatchBody>({
  name: "vector_store_batches",
  schema: batchSchema,
  indexes: { vector_store: { path: "batch.vector_store_id" } },
});
