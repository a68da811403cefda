import { z } from "zod";
import { defineCollection, type Document } from "../../collections/index.js";
import { derivedId, documentIdSchema, longestId } from "../history/identifiers.js";
import { attributesSchema } from "./attributes.js";
import { storedChunkingSchema } from "./chunking-strategy.js";

export const attachmentStatuses = ["in_progress", "completed", "failed", "cancelled"] as const;
export type AttachmentStatus = (typeof attachmentStatuses)[number];

export const lastErrorSchema = z.looseObject({
  code: z.enum(["server_error", "unsupported_file", "invalid_file"]),
  message: z.string().max(2_000, "has at most 2000 characters"),
});
export type LastError = z.infer<typeof lastErrorSchema>;

/** A file in a vector store as the wire shows it. Its id is that of the file. */
export const vectorStoreFileSchema = z.looseObject({
  id: documentIdSchema,
  object: z.literal("vector_store.file"),
  created_at: z.number(),
  vector_store_id: documentIdSchema,
  status: z.enum(attachmentStatuses),
  usage_bytes: z.int().min(0),
  last_error: lastErrorSchema.nullable(),
  attributes: attributesSchema,
  chunking_strategy: storedChunkingSchema,
});
export type VectorStoreFile = z.infer<typeof vectorStoreFileSchema>;

/** Who brings an attachment from `in_progress` to its end. There is always someone, or it would stay so for ever. */
export const ingestionSchema = z.discriminatedUnion("state", [
  /** It waits for a worker of the process that owns the state; a restart finds it waiting. */
  z.looseObject({ state: z.literal("queued") }),
  /** A worker is at it, in the process of this name. When that process is gone, so is the work. */
  z.looseObject({ state: z.literal("running"), process: z.string() }),
  /** Another program is at it. Unless it says so again before this time (milliseconds since 1970), it is taken for gone. */
  z.looseObject({ state: z.literal("leased"), until: z.number() }),
]);

/** Why an attachment came to its end, where that was not its ingestion's own result. */
export const endReasons = ["interrupted_by_restart", "lease_expired", "no_ingester", "cancelled"] as const;

/** The body of a document in the collection `vector_store_files`. */
export const attachmentSchema = z.looseObject({
  vector_store_file: vectorStoreFileSchema,
  /**
   * The ownership token, `vsf_` and 24 hexadecimal digits, new each time the file is attached. A result is taken only
   * from an ingestion that holds it, so one that comes after the file was detached, or attached anew, is dropped.
   */
  attachment: z.string(),
  /** Stands exactly as long as the status is `in_progress`. */
  ingestion: ingestionSchema.optional(),
  reason: z.enum(endReasons).optional(),
});
export type AttachmentBody = z.infer<typeof attachmentSchema>;
export type Attachment = Document<AttachmentBody>;

export const attachmentsCollection = defineCollection<AttachmentBody>({
  name: "vector_store_files",
  schema: attachmentSchema,
  indexes: {
    vector_store: { path: "vector_store_file.vector_store_id" },
    file: { path: "vector_store_file.id" },
    status: { path: "vector_store_file.status" },
    ingestion: { path: "ingestion.state" },
  },
});

/**
 * The document id of an attachment: one for each pair of store and file, which is what makes a second attach find the
 * first. The readable form always has a colon, before which there is none; the hashed one, for long ids, has none.
 */
export function attachmentKey(vectorStore: string, file: string): string {
  const key = `${encodeURIComponent(vectorStore)}:${file}`;
  return key.length <= longestId ? key : derivedId("vsf_", vectorStore, file);
}
