import { z } from "zod";
import { hallucinationSchema } from "./hallucination.js";
import { terminalStateSchema } from "./lifecycle.js";
import { outcomeSchema } from "./outcome.js";
import { toolTraceSchema } from "./tool-trace.js";
import { usageSchema } from "./usage.js";

/** Zero says nothing, and a flag only ever turns true: a late, poorer report must not undo what is known. */
export const replayStatusSchema = z.strictObject({
  response_status: z.int().optional(),
  from_cache: z.boolean().optional(),
  streaming: z.boolean().optional(),
});

export const capturedBodySchema = z.strictObject({
  body: z.string(),
  /** True if the sender has cut it already. */
  truncated: z.boolean().optional(),
});

export const replayEndSchema = z.strictObject({
  state: terminalStateSchema,
  /** Trimmed, and cut at 256 characters. */
  reason: z.string().optional(),
});

/** What can be changed of a record, in any combination, in one commit. */
export const replayChangesSchema = z.strictObject({
  status: replayStatusSchema.optional(),
  request: capturedBodySchema.optional(),
  response: capturedBodySchema.optional(),
  /** Appended to the record's outcomes. */
  outcome: outcomeSchema.optional(),
  /** Its members replace those of the record. */
  hallucination: hallucinationSchema.optional(),
  /** Its members replace those of the record; null takes a number back, zero is a number. */
  usage: usageSchema.optional(),
  /** Merged with the record's: see `merge-tool-trace.ts`. */
  tool_trace: toolTraceSchema.optional(),
  /** The one transition out of `in_progress`. */
  finish: replayEndSchema.optional(),
});

export type ReplayStatus = z.infer<typeof replayStatusSchema>;
export type CapturedBody = z.infer<typeof capturedBodySchema>;
export type ReplayEnd = z.infer<typeof replayEndSchema>;
export type ReplayChanges = z.infer<typeof replayChangesSchema>;
