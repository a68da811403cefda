/**
 * What a viewer may see of a replay record, member by member. It is a list of what is shown, not of what is hidden: a
 * member that stands nowhere in it may hold text of people, and is left out.
 */
export type RedactionRule = LeafRule | ObjectRule | ListRule | NamedRule;

/**
 * `word` is a string that names something (an id, a model, a state), `words` a list of such, `numbers` an object whose
 * members are all numbers. `withheld` keeps its place and loses its content: `""`, `[]` or `{}`.
 */
export type LeafRule = "word" | "words" | "number" | "numbers" | "flag" | "withheld";

/** An object of known members; unknown ones are left out. */
export interface ObjectRule {
  readonly members: Readonly<Record<string, RedactionRule>>;
  /** Whether `content_redacted: true` is added when something was withheld. */
  readonly marks?: boolean;
  /** For what a tool returned: `status` says whether it succeeded, since its text no longer does. */
  readonly outcomeOf?: (before: Readonly<Record<string, unknown>>) => string | undefined;
}

/** A list in which each element follows one rule. */
export interface ListRule {
  readonly each: RedactionRule;
}

/** An object whose members have names of their own (models, say), each following one rule. */
export interface NamedRule {
  readonly named: RedactionRule;
}

/** The same rule for several members. */
function all<Rule extends RedactionRule>(rule: Rule, names: string): Record<string, Rule> {
  return Object.fromEntries(
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, rule]),
  );
}

const failedToolText = /^tool execution failed:/i;

/** `failed` or `succeeded`, as the reference tells them apart by the text a tool returned. */
export function toolOutcome(text: unknown): "failed" | "succeeded" {
  const shown =
    typeof text === "string" ? text.trim() : text === undefined || text === null ? "" : JSON.stringify(text);
  const failed = shown === "" || shown === "null" || shown === "undefined" || failedToolText.test(shown);
  return failed ? "failed" : "succeeded";
}

const toolStep: ObjectRule = {
  members: {
    ...all("word", "type source role tool_name tool_call_id api_type"),
    ...all("flag", "truncated"),
    ...all("withheld", "text arguments raw_arguments output raw_output"),
  },
  marks: true,
  outcomeOf: ({ type, output, raw_output, text }) =>
    type === "client_tool_result"
      ? toolOutcome([output, raw_output, text].find((one) => one !== undefined && one !== null && one !== ""))
      : undefined,
};

const outcome: ObjectRule = {
  members: {
    ...all("word", "timestamp source target verdict"),
    ...all("number", "score"),
    ...all("withheld", "target_ref reason metadata"),
  },
  marks: true,
};

const hallucinationSpan: ObjectRule = {
  members: {
    ...all("number", "start end hallucination_confidence nli_confidence severity"),
    ...all("word", "nli_label"),
    ...all("withheld", "text explanation"),
  },
};

const routeDiagnostics: ObjectRule = {
  members: {
    ...all(
      "word",
      `decision selection_method original_model proposal_model previous_model selected_model session_action
       session_phase prompt_helper_model memory_backend memory_status context_compression_format
       context_compression_strategy context_compression_budget_mode context_compression_token_source
       context_compression_trigger context_compression_revision context_compression_quality`,
    ),
    ...all(
      "number",
      `decision_tier decision_priority prompt_helper_prompt_tokens prompt_helper_completion_tokens
       prompt_helper_total_tokens prompt_helper_latency_ms memory_result_count context_compression_tokens_before
       context_compression_tokens_after context_compression_messages context_compression_omitted_chunks
       context_compression_recovery_keys context_compression_cost_saved`,
    ),
    ...all("flag", "session_policy_applied memory_fail_open context_compression_applied"),
    ...all(
      "withheld",
      `selection_reasoning session_reason hard_lock_reason decision_reason memory_reason memory_fallback_reason
       context_compression_skip_reason context_compression_fallback annotations signal_errors`,
    ),
  },
};

const learningHead = {
  ...all("word", "learning method mode scope action"),
  ...all("withheld", "reason"),
};

const adaptation: ObjectRule = {
  members: {
    ...learningHead,
    ...all("word", "candidate_set strategy base_model proposal_model decision"),
    ...all("number", "decision_tier"),
    sampling: { members: { used: "flag", seed: "number" } },
    scores: {
      named: {
        members: all(
          "number",
          `score posterior_mean predicted_quality cost_penalty overuse_penalty reliability_penalty latency_adjustment
           cache_adjustment`,
        ),
      },
    },
  },
};

const identitySource: ObjectRule = { members: { ...all("word", "source status hash"), required: "flag" } };

const protection: ObjectRule = {
  members: {
    ...learningHead,
    ...all(
      "word",
      `sampling base_model proposal_model final_model algorithm base_method phase current_model base_selected_model
       selected_model last_decision_name last_cache_accounting_source remaining_turn_prior_source`,
    ),
    ...all("words", "missing_signals"),
    ...all(
      "number",
      `turn_index memory_turn_count switch_count memory_prompt_tokens memory_cached_tokens
       memory_estimated_cached_tokens remaining_turn_prior_sample_count switch_cost switch_margin stability_weight
       memory_estimated_cache_savings idle_for_seconds continuation_mass remaining_turn_prior remaining_turns_estimate
       cache_warmth stay_bias`,
    ),
    ...all("numbers", "base_scores final_scores"),
    ...all(
      "flag",
      `active_tool_loop idle_known idle_expired has_non_portable_context decision_drift hard_locked
       remaining_turn_prior_ok cache_warmth_ok`,
    ),
    ...all("withheld", "non_portable_context_reason hard_lock_reason decision_reason remaining_turn_prior_rejected"),
    rescue: { members: { active: "flag" } },
    identity: {
      members: {
        ...all("word", "scope memory_key_hash"),
        headers: { members: all("word", "session conversation") },
        session: identitySource,
        conversation: identitySource,
      },
    },
    candidate_traces: {
      named: {
        members: {
          current: "flag",
          ...all(
            "number",
            `base_score final_score selector_delta quality_gap handoff_penalty prefix_cache_benefit prefix_cache_penalty
             tool_loop_penalty switch_history_penalty frontier_cost_multiplier net_switch_advantage`,
          ),
        },
      },
    },
  },
};

const projectionTrace: ObjectRule = {
  members: {
    schema_version: "word",
    partitions: {
      each: {
        members: {
          ...all("word", "group_name signal_type semantics winner"),
          ...all("number", "temperature winner_score raw_winner_score margin"),
          default_used: "flag",
          contenders: { each: { members: { name: "word", ...all("number", "raw_score normalized_score") } } },
        },
      },
    },
    scores: {
      each: {
        members: {
          name: "word",
          total: "number",
          inputs: {
            each: { members: { ...all("word", "type name kb metric"), ...all("number", "weight value contribution") } },
          },
        },
      },
    },
    mappings: {
      each: {
        members: {
          ...all("word", "mapping_name source_score selected_output"),
          ...all("number", "score_value confidence boundary_distance"),
          outputs: { each: { members: { name: "word", matched: "flag", boundary_distance: "number" } } },
        },
      },
    },
  },
};

/** Every member of a record that is known, and whether a viewer sees it. Source: the fields and redactions of the reference. */
export const recordRule: ObjectRule = {
  members: {
    ...all(
      "word",
      `id timestamp request_id session_id previous_response_id conversation_id recipe decision category original_model
       selected_model reasoning_mode selection_method lifecycle_state ended_at terminal_reason jailbreak_type
       response_jailbreak_type rag_backend cache_hit_kind cache_source currency baseline_model`,
    ),
    ...all(
      "number",
      `turn_index decision_tier decision_priority confidence_score response_status duration_ms jailbreak_confidence
       response_jailbreak_confidence rag_context_length rag_similarity_score cache_similarity cache_entry_age_seconds
       cache_ttl_seconds context_token_count hallucination_confidence prompt_tokens cached_prompt_tokens
       cache_write_tokens completion_tokens total_tokens actual_cost baseline_cost cost_savings`,
    ),
    ...all(
      "flag",
      `prompt_truncated tool_definitions_truncated request_body_truncated response_body_truncated from_cache streaming
       guardrails_enabled jailbreak_enabled pii_enabled jailbreak_detected response_jailbreak_detected pii_detected
       pii_blocked rag_enabled hallucination_enabled hallucination_detected`,
    ),
    ...all(
      "withheld",
      `request_body response_body prompt tool_definitions pii_entities hallucination_spans session_policy`,
    ),
    ...all("words", "projections"),
    ...all("numbers", "projection_scores signal_confidences signal_values"),
    signals: {
      members: all(
        "words",
        `keyword embedding domain fact_check user_feedback reask preference language context structure complexity
         modality authz jailbreak pii kb conversation event metadata classifier`,
      ),
    },
    projection_trace: projectionTrace,
    route_diagnostics: routeDiagnostics,
    learning: { members: { protection_preflight: protection, adaptation, protection } },
    outcomes: { each: outcome },
    tool_trace: {
      members: {
        ...all("word", "flow stage"),
        ...all("words", "tool_names"),
        steps: { each: toolStep },
        steps_truncated: "flag",
        dropped_step_count: "number",
      },
    },
    hallucination_span_details: { each: hallucinationSpan },
  },
};

/** A message of a trajectory. */
export const messageRule: ObjectRule = {
  members: {
    ...all("word", "role tool_call_id"),
    content: "withheld",
    tool_calls: {
      each: {
        members: {
          ...all("word", "id type"),
          function: { members: { name: "word", arguments: "withheld" } },
        },
      },
    },
  },
  marks: true,
  outcomeOf: ({ role, content }) => (role === "tool" ? toolOutcome(content) : undefined),
};
