import { z } from "zod";
import { defineCollection, type Document } from "../../collections/index.js";
import { documentIdSchema } from "../history/identifiers.js";

/** What a caller may upload a file for: the purposes of the OpenAI Files API. */
export const uploadPurposes = ["assistants", "batch", "fine-tune", "vision", "user_data", "evals"] as const;

/** Those, and what a service makes of its own accord. */
export const filePurposes = [...uploadPurposes, "assistants_output", "batch_output", "fine-tune-results"] as const;
export type FilePurpose = (typeof filePurposes)[number];

/**
 * A file object as the OpenAI Files API shows it. `sha256` is ours. `status` is `processed` as soon as the bytes are
 * safe, which they are before there is a record; it is `error` once they are known to be lost.
 */
export const fileObjectSchema = z.looseObject({
  id: documentIdSchema,
  object: z.literal("file"),
  /** How many bytes. */
  bytes: z.int().min(0),
  /** Unix seconds. */
  created_at: z.int(),
  filename: z.string().min(1),
  purpose: z.enum(filePurposes),
  status: z.enum(["uploaded", "processed", "error"]),
  /** Of the bytes, as 64 lowercase hex digits. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lowercase hex digits"),
  /** Unix seconds; absent for a file that does not expire. */
  expires_at: z.int().optional(),
  /** What is wrong, while `status` is `error`. */
  status_details: z.string().optional(),
});
export type FileObject = z.infer<typeof fileObjectSchema>;

/**
 * The body of a document in the collection `files`. Its bytes lie beside the documents, under the same id.
 *
 * The expiry stands in the body and not in the document's own `expiresAt`: the record must go in the transaction that
 * also detaches the file and notes that its bytes are to be removed.
 */
export const storedFileSchema = z.looseObject({
  file: fileObjectSchema,
  owner: z.string().optional(),
  /** The UTC day of `expires_at`, by which expired files are found without a scan. */
  expires_on: z.iso.date().optional(),
});
export type StoredFileBody = z.infer<typeof storedFileSchema>;
export type StoredFile = Document<StoredFileBody>;

export const filesCollection = defineCollection<StoredFileBody>({
  name: "files",
  schema: storedFileSchema,
  indexes: {
    purpose: { path: "file.purpose" },
    owner: { path: "owner" },
    expires_on: { path: "expires_on" },
  },
});

/**
 * A file that is gone and whose bytes are still to be removed. It is written in the transaction that removes the record,
 * and goes after the bytes: after a crash in between, it says what is left to do.
 */
export const fileRemovalSchema = z.looseObject({ reason: z.enum(["deleted", "expired"]) });
export type FileRemoval = z.infer<typeof fileRemovalSchema>;

/** Named by the id of the file. */
export const fileRemovalsCollection = defineCollection<FileRemoval>({
  name: "file_removals",
  schema: fileRemovalSchema,
});
