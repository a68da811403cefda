import { z } from "zod";
import { documentIdSchema } from "../history/identifiers.js";
import { hallucinationMembers } from "./hallucination.js";
import { learningDiagnosticsSchema } from "./learning-diagnostics.js";
import { lifecycleStateSchema } from "./lifecycle.js";
import { optionalMembers } from "./optional-members.js";
import { orderKeyOf } from "./order-key.js";
import { outcomeSchema } from "./outcome.js";
import { projectionTraceSchema } from "./projection-trace.js";
import { routeDiagnosticsSchema } from "./route-diagnostics.js";
import { signalsSchema } from "./signals.js";
import { toolTraceSchema } from "./tool-trace.js";
import { usageMembers } from "./usage.js";

const timeSchema = z
  .string()
  .refine((timestamp) => orderKeyOf(timestamp) !== undefined, "must be an RFC 3339 time of up to nanoseconds");

/**
 * A replay record as the reference's wire shows it (`surfaces.md` 2.1): what a router decided for one request, why, and
 * what came of it. Every group is open: unknown members are kept as they came, and `timestamp` is kept as it was written.
 */
export const replayRecordSchema = z.looseObject({
  // Identity
  id: documentIdSchema,
  timestamp: timeSchema,
  turn_index: z.int(),
  ...optionalMembers(z.string(), ["request_id", "session_id", "previous_response_id", "conversation_id"]),

  // Decision
  decision_tier: z.int(),
  decision_priority: z.int(),
  ...optionalMembers(z.string(), [
    "recipe",
    "decision",
    "category",
    "original_model",
    "selected_model",
    "reasoning_mode",
    "selection_method",
  ]),
  confidence_score: z.number().optional(),

  // Diagnostics
  route_diagnostics: routeDiagnosticsSchema.optional(),
  learning: learningDiagnosticsSchema.optional(),
  outcomes: z.array(outcomeSchema).optional(),
  session_policy: z.record(z.string(), z.unknown()).optional(),

  // Signals
  signals: signalsSchema,
  projections: z.array(z.string()).optional(),
  projection_trace: projectionTraceSchema.optional(),
  ...optionalMembers(z.record(z.string(), z.number()), ["projection_scores", "signal_confidences", "signal_values"]),

  // Tools and bodies
  tool_trace: toolTraceSchema.optional(),
  ...optionalMembers(z.string(), ["prompt", "tool_definitions", "request_body", "response_body"]),
  ...optionalMembers(z.boolean(), [
    "prompt_truncated",
    "tool_definitions_truncated",
    "request_body_truncated",
    "response_body_truncated",
    "from_cache",
    "streaming",
  ]),
  response_status: z.int().optional(),

  // Lifecycle
  lifecycle_state: lifecycleStateSchema,
  ended_at: timeSchema.optional(),
  duration_ms: z.int().optional(),
  terminal_reason: z.string().optional(),

  // Guardrails, retrieval and cache
  ...optionalMembers(z.boolean(), [
    "guardrails_enabled",
    "jailbreak_enabled",
    "pii_enabled",
    "jailbreak_detected",
    "response_jailbreak_detected",
    "pii_detected",
    "pii_blocked",
    "rag_enabled",
  ]),
  ...optionalMembers(z.string(), [
    "jailbreak_type",
    "response_jailbreak_type",
    "rag_backend",
    "cache_hit_kind",
    "cache_source",
  ]),
  ...optionalMembers(z.number(), [
    "jailbreak_confidence",
    "response_jailbreak_confidence",
    "rag_similarity_score",
    "cache_similarity",
    "cache_entry_age_seconds",
  ]),
  ...optionalMembers(z.int(), ["rag_context_length", "cache_ttl_seconds", "context_token_count"]),
  pii_entities: z.array(z.string()).optional(),

  ...hallucinationMembers,
  ...usageMembers,
});

export type ReplayRecord = z.infer<typeof replayRecordSchema>;

/** A record as it is handed in: what is always present but has a natural beginning may be left out. */
export type ReplayRecordInput = Partial<ReplayRecord>;
