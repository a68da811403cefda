import { z } from "zod";
import { defineCollection, type Document } from "../../collections/index.js";
import { documentIdSchema } from "./identifiers.js";
import { itemSchema } from "./item.js";
import { metadataSchema } from "./metadata.js";

/**
 * A response object as the OpenAI Responses API shows it. Checked is what the store relies on; every other member, and
 * every output item, is kept as it came.
 */
export const responseObjectSchema = z.looseObject({
  id: documentIdSchema,
  object: z.literal("response"),
  created_at: z.number(),
  /** Absent counts as `completed`. */
  status: z.string().optional(),
  output: z.array(z.looseObject({ type: z.string().min(1) })),
  previous_response_id: documentIdSchema.nullish(),
  conversation: z.union([documentIdSchema, z.looseObject({ id: documentIdSchema })]).nullish(),
  metadata: metadataSchema.nullish(),
});
export type ResponseObject = z.infer<typeof responseObjectSchema>;

/** The body of a document in the collection `responses`. */
export const storedResponseSchema = z.looseObject({
  response: responseObjectSchema,
  /** This turn's own input, in order, never the inherited history. Each item has an id that stays. */
  input: z.array(itemSchema),
  /** The conversation it belongs to. Membership is this member and its index, never a list kept elsewhere. */
  conversation: documentIdSchema.optional(),
  /** The thread whose expiry it shares: see `thread-document.ts`. */
  thread: documentIdSchema,
  owner: z.string().optional(),
  /** True once its items stand in the conversation; what makes that happen once. */
  appended: z.boolean().optional(),
});
export type StoredResponseBody = z.infer<typeof storedResponseSchema>;
export type StoredResponse = Document<StoredResponseBody>;

export const responsesCollection = defineCollection<StoredResponseBody>({
  name: "responses",
  schema: storedResponseSchema,
  indexes: {
    conversation: { path: "conversation" },
    thread: { path: "thread" },
    owner: { path: "owner" },
  },
});
