import { message, response } from "../surfaces/samples.js";

/** A text that stands in every text of people, and nowhere else. */
export const marker = "zq7-planted-marker-zq7";

const text = `text of people ${marker}`;

/** How one surface is filled: requests that a writer sends. */
export interface Planting {
  readonly surface: string;
  /** It is done if the server has this route. */
  readonly route: string;
  readonly requests: readonly PlantingRequest[];
}

export interface PlantingRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

const responses: Planting = {
  surface: "responses",
  route: "/v1/state/responses",
  requests: [
    {
      method: "POST",
      path: "/v1/state/responses",
      body: {
        response: response("resp_1", {
          output: [
            message("msg_out", "assistant", text),
            { id: "fc_1", type: "function_call", call_id: "call_1", name: "look_up", arguments: text },
            { id: "rs_1", type: "reasoning", summary: [{ type: "summary_text", text }], encrypted_content: text },
          ],
          output_text: text,
          instructions: text,
          metadata: { note: text },
          error: { code: "server_error", message: text },
          tools: [{ type: "function", name: "look_up", description: text }],
          invented_later: { deep: [text] },
        }),
        input: [message("msg_in", "user", text), { type: "function_call_output", call_id: "call_0", output: text }],
      },
    },
  ],
};

const conversations: Planting = {
  surface: "conversations",
  route: "/v1/state/conversations/:id",
  requests: [
    {
      method: "PUT",
      path: "/v1/state/conversations/conv_1",
      body: { conversation: { metadata: { note: text }, invented_later: text } },
    },
    {
      method: "POST",
      path: "/v1/state/conversations/conv_1/items",
      body: { items: [message("msg_1", "user", text)] },
    },
    {
      method: "POST",
      path: "/v1/state/responses",
      body: { response: response("resp_2", { instructions: text, conversation: { id: "conv_1" } }), input: text },
    },
  ],
};

const diagnosticTexts = [
  "selection_reasoning",
  "session_reason",
  "hard_lock_reason",
  "decision_reason",
  "memory_reason",
  "memory_fallback_reason",
  "context_compression_skip_reason",
  "context_compression_fallback",
];
const learningTexts = [
  "reason",
  "non_portable_context_reason",
  "hard_lock_reason",
  "decision_reason",
  "remaining_turn_prior_rejected",
];

function texts(members: readonly string[]): Record<string, string> {
  return Object.fromEntries(members.map((member) => [member, text]));
}

/** Every text of a record that the reference hides from a viewer, and members that nobody knows yet. */
const replay: Planting = {
  surface: "replay",
  route: "/v1/router_replay",
  requests: [
    {
      method: "POST",
      path: "/v1/router_replay",
      body: {
        record: {
          id: "0123456789abcdef0123456789abcdef",
          request_id: "request-1",
          session_id: "session-1",
          decision: "route-a",
          selected_model: "model-a",
          signals: { keyword: ["k"] },
          lifecycle_state: "in_progress",
          prompt: text,
          request_body: text,
          response_body: text,
          tool_definitions: text,
          pii_entities: [text],
          hallucination_spans: [text],
          hallucination_span_details: [
            {
              text,
              start: 0,
              end: 1,
              hallucination_confidence: 1,
              nli_label: "contradiction",
              nli_confidence: 1,
              severity: 1,
              explanation: text,
            },
          ],
          session_policy: { rule: text },
          outcomes: [
            {
              timestamp: "2026-01-01T00:00:01.000Z",
              source: "operator",
              target: "route",
              target_ref: text,
              verdict: "failed",
              reason: text,
              metadata: { note: text },
            },
          ],
          route_diagnostics: {
            ...texts(diagnosticTexts),
            annotations: { note: text },
            signal_errors: { keyword: text },
          },
          learning: {
            protection_preflight: texts(learningTexts),
            adaptation: { reason: text },
            protection: texts(learningTexts),
          },
          tool_trace: {
            flow: "User Query",
            steps: [
              { type: "user_input", source: "request", role: "user", text },
              {
                type: "assistant_tool_call",
                source: "response",
                role: "assistant",
                tool_name: "look_up",
                tool_call_id: "call_1",
                arguments: text,
                raw_arguments: text,
              },
              {
                type: "client_tool_result",
                source: "request",
                role: "tool",
                tool_call_id: "call_1",
                output: text,
                raw_output: text,
              },
            ],
          },
          invented_later: { deep: [text] },
        },
      },
    },
  ],
};

const vectorStores: Planting = {
  surface: "vector stores",
  route: "/v1/vector_stores",
  requests: [{ method: "POST", path: "/v1/vector_stores", body: { name: text, metadata: { note: text } } }],
};

const files: Planting = {
  surface: "files",
  route: "/v1/files",
  requests: [{ method: "POST", path: "/v1/files", body: fileForm() }],
};

function fileForm(): FormData {
  const form = new FormData();
  form.set("purpose", "user_data");
  form.set("file", new Blob([text], { type: "text/plain" }), `${marker}.txt`);
  return form;
}

/** Every surface of the service. One that is missing here shows as a collection without the marker. */
export const plantings: readonly Planting[] = [responses, conversations, replay, files, vectorStores];

/** Collections that hold no text of people, and why. */
export const withoutText: Readonly<Record<string, string>> = {
  response_threads: "ids and times of expiry",
  response_removals: "ids",
  conversation_deletions: "ids",
  replay_counters: "numbers, and names of models, decisions and recipes",
  replay_totals: "numbers, and names of models, decisions and recipes",
  idempotency_keys: "hashes and ids",
  startup_transitions: "phases, with the operator's own messages",
};
