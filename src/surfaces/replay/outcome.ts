import { z } from "zod";
import { orderKeyOf } from "./order-key.js";

/** What somebody found of an answer afterwards. */
export const outcomeSchema = z.looseObject({
  timestamp: z.string().refine((timestamp) => orderKeyOf(timestamp) !== undefined, "must be an RFC 3339 time"),
  source: z.string(),
  target: z.string(),
  target_ref: z.string().optional(),
  verdict: z.string(),
  reason: z.string().optional(),
  score: z.number().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
});
export type Outcome = z.infer<typeof outcomeSchema>;
