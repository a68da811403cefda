import { z } from "zod";
import { defineCollection, type Document } from "../../collections/index.js";
import { documentIdSchema } from "../history/identifiers.js";
import { metadataSchema } from "../history/metadata.js";

/** Lengths in characters. The wire leaves them open; they are checked before anything is written. */
export const vectorStoreLimits = { nameCharacters: 256, descriptionCharacters: 512, expiryDays: 365 } as const;

export const nameSchema = z
  .string()
  .max(vectorStoreLimits.nameCharacters, `has at most ${vectorStoreLimits.nameCharacters} characters`);

export const descriptionSchema = z
  .string()
  .max(vectorStoreLimits.descriptionCharacters, `has at most ${vectorStoreLimits.descriptionCharacters} characters`);

/** When a store expires: so many days after it was last used. */
export const expiresAfterSchema = z.looseObject({
  anchor: z.literal("last_active_at"),
  days: z.int().min(1).max(vectorStoreLimits.expiryDays),
});

/**
 * What is stored of a vector store object: all of it but what follows from the files (`file_counts`, `usage_bytes`,
 * `status`) and from the time (`expires_at`), which is derived whenever it is read and so can not drift.
 */
export const vectorStoreObjectSchema = z.looseObject({
  id: documentIdSchema,
  object: z.literal("vector_store"),
  created_at: z.number(),
  name: nameSchema,
  description: descriptionSchema.optional(),
  metadata: metadataSchema,
  last_active_at: z.number(),
  expires_after: expiresAfterSchema.optional(),
});

/** Where a store's chunks live: the backend's name, and the name of the collection in it. */
export const backendCollectionSchema = z.looseObject({ name: z.string(), collection: z.string() });
export type BackendCollection = z.infer<typeof backendCollectionSchema>;

/** The body of a document in the collection `vector_stores`. */
export const storedVectorStoreSchema = z.looseObject({
  vector_store: vectorStoreObjectSchema,
  /** Absent for a store that was created while there was no backend. */
  backend: backendCollectionSchema.optional(),
  /** When its expiry was carried out, in seconds since 1970. From then on no clock makes it live again. */
  expired_at: z.number().optional(),
  owner: z.string().optional(),
});
export type StoredVectorStoreBody = z.infer<typeof storedVectorStoreSchema>;
export type StoredVectorStore = Document<StoredVectorStoreBody>;

export const vectorStoresCollection = defineCollection<StoredVectorStoreBody>({
  name: "vector_stores",
  schema: storedVectorStoreSchema,
  indexes: {
    owner: { path: "owner" },
    /** Every store that can expire has the value `last_active_at`. */
    expiry: { path: "vector_store.expires_after.anchor" },
  },
});
