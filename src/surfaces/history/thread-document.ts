import { z } from "zod";
import { defineCollection } from "../../collections/index.js";
import { documentIdSchema } from "./identifiers.js";

/**
 * What expires: a history as a whole. Every response belongs to one thread, that of its conversation or that of the
 * chain it continues, branches included; writing any of them moves the one expiry. So a parent never goes before
 * its children.
 *
 * The expiry stands in the body and not in the document's own `expiresAt`, because the thread must stay readable until
 * its last response has been removed: it is the marker from which an interrupted removal goes on.
 */
export const responseThreadSchema = z.looseObject({
  /** `conversation:<id>`, or `response:<id>` with the oldest known id of the chain. */
  key: z.string(),
  renewed_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  /** The UTC day of `expires_at`, by which expired threads are found without a scan. Absent from a merged thread. */
  expires_on: z.iso.date().optional(),
  /** The thread that this one became part of, when a response turned out to connect the two. Its expiry counts. */
  merged_into: documentIdSchema.optional(),
});
export type ResponseThread = z.infer<typeof responseThreadSchema>;

export const responseThreadsCollection = defineCollection<ResponseThread>({
  name: "response_threads",
  schema: responseThreadSchema,
  indexes: {
    key: { path: "key" },
    expires_on: { path: "expires_on" },
    merged_into: { path: "merged_into" },
  },
});
