import { z } from "zod";
import { optionalMembers } from "./optional-members.js";

const partHead = optionalMembers(z.string(), ["learning", "method", "mode", "scope", "action", "reason"]);

const adaptationSchema = z.looseObject({
  ...partHead,
  ...optionalMembers(z.string(), ["candidate_set", "strategy", "base_model", "proposal_model", "decision"]),
  decision_tier: z.int().optional(),
  sampling: z.looseObject({ used: z.boolean(), seed: z.int().optional() }).optional(),
  scores: z
    .record(
      z.string(),
      z.looseObject(
        optionalMembers(z.number(), [
          "score",
          "posterior_mean",
          "predicted_quality",
          "cost_penalty",
          "overuse_penalty",
          "reliability_penalty",
          "latency_adjustment",
          "cache_adjustment",
        ]),
      ),
    )
    .optional(),
});

const identityPartSchema = z.looseObject({
  ...optionalMembers(z.string(), ["source", "status", "hash"]),
  required: z.boolean(),
});

const identitySchema = z.looseObject({
  scope: z.string().optional(),
  headers: z.looseObject(optionalMembers(z.string(), ["session", "conversation"])).optional(),
  session: identityPartSchema.optional(),
  conversation: identityPartSchema.optional(),
  memory_key_hash: z.string().optional(),
});

const candidateTraceSchema = z.looseObject({
  current: z.boolean().optional(),
  ...optionalMembers(z.number(), [
    "base_score",
    "final_score",
    "selector_delta",
    "quality_gap",
    "handoff_penalty",
    "prefix_cache_benefit",
    "prefix_cache_penalty",
    "tool_loop_penalty",
    "switch_history_penalty",
    "frontier_cost_multiplier",
    "net_switch_advantage",
  ]),
});

const protectionSchema = z.looseObject({
  ...partHead,
  ...optionalMembers(z.string(), [
    "sampling",
    "base_model",
    "proposal_model",
    "final_model",
    "algorithm",
    "base_method",
    "phase",
    "current_model",
    "base_selected_model",
    "selected_model",
    "last_decision_name",
    "last_cache_accounting_source",
    "non_portable_context_reason",
    "hard_lock_reason",
    "decision_reason",
    "remaining_turn_prior_source",
    "remaining_turn_prior_rejected",
  ]),
  missing_signals: z.array(z.string()).optional(),
  ...optionalMembers(z.int(), [
    "turn_index",
    "memory_turn_count",
    "switch_count",
    "memory_prompt_tokens",
    "memory_cached_tokens",
    "memory_estimated_cached_tokens",
    "remaining_turn_prior_sample_count",
  ]),
  ...optionalMembers(z.number(), [
    "switch_cost",
    "switch_margin",
    "stability_weight",
    "memory_estimated_cache_savings",
    "idle_for_seconds",
    "continuation_mass",
    "remaining_turn_prior",
    "remaining_turns_estimate",
    "cache_warmth",
    "stay_bias",
  ]),
  ...optionalMembers(z.record(z.string(), z.number()), ["base_scores", "final_scores"]),
  ...optionalMembers(z.boolean(), [
    "active_tool_loop",
    "idle_known",
    "idle_expired",
    "has_non_portable_context",
    "decision_drift",
    "hard_locked",
    "remaining_turn_prior_ok",
    "cache_warmth_ok",
  ]),
  rescue: z.looseObject({ active: z.boolean() }).optional(),
  identity: identitySchema.optional(),
  candidate_traces: z.record(z.string(), candidateTraceSchema).optional(),
});

/** What the learning parts of a router did to a decision. */
export const learningDiagnosticsSchema = z.looseObject({
  protection_preflight: protectionSchema.optional(),
  adaptation: adaptationSchema.optional(),
  protection: protectionSchema.optional(),
});
