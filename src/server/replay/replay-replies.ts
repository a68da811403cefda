import { z } from "zod";
import { replayRecordSchema } from "../../surfaces/replay/replay-record.js";

/** Replies of the replay routes, for the document of the API. A viewer's records have text blanked: `docs/replay.md`. */
const namedValue = z.object({ name: z.string(), value: z.number() });
const namedTokens = z.object({
  name: z.string(),
  input_tokens: z.number(),
  output_tokens: z.number(),
  total_tokens: z.number(),
});
const spend = z.object({
  total_saved: z.number(),
  baseline_spend: z.number(),
  actual_spend: z.number(),
  currency: z.string().optional(),
  cost_record_count: z.number(),
});

export const recordReply = replayRecordSchema;

export const listReplySchema = z.object({
  object: z.literal("router_replay.list"),
  count: z.int(),
  total: z.int(),
  limit: z.int(),
  offset: z.int(),
  has_more: z.boolean(),
  next_offset: z.int().optional(),
  next_after: z.string().optional(),
  data: z.array(replayRecordSchema),
});

export const aggregateReplySchema = z.object({
  object: z.literal("router_replay.aggregate"),
  record_count: z.int(),
  lifecycle: z.object({
    completed: z.int(),
    failed: z.int(),
    aborted: z.int(),
    in_progress: z.int(),
    unknown: z.int(),
  }),
  summary: spend.extend({ excluded_record_count: z.int(), by_currency: z.array(spend) }),
  model_selection: z.array(namedValue),
  decision_distribution: z.array(namedValue),
  signal_distribution: z.array(namedValue),
  token_volume: z.object({
    input_tokens: z.number(),
    output_tokens: z.number(),
    total_tokens: z.number(),
    excluded_record_count: z.int(),
  }),
  token_breakdown: z.object({ by_decision: z.array(namedTokens), by_selected_model: z.array(namedTokens) }),
  available_recipes: z.array(z.string()),
  available_decisions: z.array(z.string()),
  available_models: z.array(z.string()),
});

export const trajectoryReplySchema = z.object({
  object: z.literal("router_replay.trajectory"),
  session_id: z.string(),
  /** Of the whole session. */
  record_count: z.int(),
  /** Only when the conversation goes on behind these messages; then `next_offset` asks for the rest. */
  has_more: z.literal(true).optional(),
  next_offset: z.int().optional(),
  messages: z.array(
    z.object({
      role: z.enum(["user", "assistant", "tool"]),
      content: z.string().optional(),
      tool_calls: z
        .array(
          z.object({
            id: z.string(),
            type: z.literal("function"),
            function: z.object({ name: z.string(), arguments: z.string() }),
          }),
        )
        .optional(),
      tool_call_id: z.string().optional(),
      status: z.enum(["succeeded", "failed"]).optional(),
      content_redacted: z.literal(true).optional(),
    }),
  ),
});

/** What a write answers: which record, and how far it is. */
export const writtenReplySchema = z.object({
  object: z.enum(["router_replay.recorded", "router_replay.updated"]),
  id: z.string(),
  revision: z.int(),
  lifecycle_state: z.string(),
  /** Whether this call ended the record: only the first that tries does. */
  finished: z.boolean().optional(),
  /** Whether it is a repeat by its idempotency key, which changed nothing. */
  duplicate: z.boolean().optional(),
});

export const deletedReplySchema = z.object({
  object: z.literal("router_replay.deleted"),
  id: z.string().optional(),
  deleted: z.union([z.literal(true), z.int()]),
});

export const recoveredReplySchema = z.object({
  object: z.literal("router_replay.recovered"),
  aborted: z.int(),
  /** The first hundred. */
  ids: z.array(z.string()),
});
