import { z } from "zod";
import { defineCollection } from "../../collections/index.js";

/**
 * Why a response is gone. Kept for as long as the response would have been, so that a broken chain can say so. It is
 * looked at only while no response of the id is stored, so one that is recorded anew need not remove it.
 */
export const responseRemovalSchema = z.looseObject({ reason: z.enum(["deleted", "expired"]) });
export type ResponseRemoval = z.infer<typeof responseRemovalSchema>;

/** Named by the id of the response. */
export const responseRemovalsCollection = defineCollection<ResponseRemoval>({
  name: "response_removals",
  schema: responseRemovalSchema,
});
