import { randomBytes } from "node:crypto";
import type { Replay, ReplayChanges, ToolTraceStep } from "holdfast";
import type { ChatRequest } from "../upstream/chat-upstream.js";
import type { Passage } from "../retrieval/passage.js";
import type { OutputItem, ResponseObject } from "./response-object.js";

/** What a record says of a turn before it has an answer. */
export interface TurnFacts {
  readonly requestId: string;
  readonly response: ResponseObject;
  readonly prompt: ChatRequest;
  readonly conversation: string | undefined;
  /** How many answers there were before this one. */
  readonly turnIndex: number;
  /** What was found in vector stores; `undefined` if none was to be searched. */
  readonly passages: readonly Passage[] | undefined;
  readonly stream: boolean;
}

/** How a turn ended that has no outcome. */
export interface Failure {
  readonly state: "failed" | "aborted";
  readonly reason: string;
  readonly status: number | undefined;
}

/**
 * The replay record of one turn: added before the upstream is asked, and ended in one commit when it is known what came
 * of it. A router that dies in between leaves it in progress, and the next one ends it as aborted.
 */
export class TurnRecord {
  /** Also sent to the client, as `x-vsr-replay-id`. */
  readonly id = randomBytes(16).toString("hex");
  readonly #replay: Replay;
  #isOpen = false;

  constructor(replay: Replay) {
    this.#replay = replay;
  }

  async begin(facts: TurnFacts): Promise<void> {
    const { requestId, response, prompt, conversation, turnIndex, passages, stream } = facts;
    const { previous_response_id: previous, tools } = response;
    await this.#replay.add({
      id: this.id,
      request_id: requestId,
      turn_index: turnIndex,
      ...(conversation === undefined ? {} : { conversation_id: conversation, session_id: conversation }),
      ...(typeof previous === "string" ? { previous_response_id: previous } : {}),
      decision: "forward",
      original_model: response.model,
      selected_model: prompt.model,
      selection_method: "static",
      prompt: textOf(prompt.messages.findLast(({ role }) => role === "user")?.content),
      ...(Array.isArray(tools) && tools.length > 0 ? { tool_definitions: JSON.stringify(tools) } : {}),
      request_body: JSON.stringify(prompt),
      streaming: stream,
      guardrails_enabled: true,
      ...(passages === undefined ? {} : retrievalOf(passages)),
      tool_trace: { steps: stepsOfPrompt(prompt) },
    });
    this.#isOpen = true;
  }

  /** All that is known of an answered turn, as one commit. */
  async complete(outcome: ResponseObject, { fromCache }: { readonly fromCache: boolean }): Promise<void> {
    const { usage } = outcome;
    await this.#end({
      status: { response_status: 200, from_cache: fromCache },
      response: { body: JSON.stringify(outcome) },
      ...(usage === null
        ? {}
        : {
            usage: {
              prompt_tokens: usage.input_tokens,
              completion_tokens: usage.output_tokens,
              total_tokens: usage.total_tokens,
            },
          }),
      tool_trace: { steps: outcome.output.flatMap(stepsOfItem) },
      finish: { state: "completed", reason: "response_complete" },
    });
  }

  async fail({ state, reason, status }: Failure): Promise<void> {
    await this.#end({
      ...(status === undefined ? {} : { status: { response_status: status } }),
      finish: { state, reason },
    });
  }

  async #end(changes: ReplayChanges): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#replay.patch(this.id, changes);
  }
}

function retrievalOf(passages: readonly Passage[]): Readonly<Record<string, unknown>> {
  return {
    rag_enabled: true,
    rag_backend: "words",
    rag_context_length: passages.reduce((length, { text }) => length + text.length, 0),
    ...(passages[0] === undefined ? {} : { rag_similarity_score: passages[0].score }),
  };
}

/** The steps since the user last spoke: what was before stands in the records of earlier turns. */
function stepsOfPrompt({ messages }: ChatRequest): ToolTraceStep[] {
  const since = Math.max(
    0,
    messages.findLastIndex(({ role }) => role === "user"),
  );
  return messages.slice(since).flatMap((message): ToolTraceStep[] => {
    const common = { source: "request", role: message.role, api_type: "responses" };
    if (message.role === "user") return [{ ...common, type: "user_input", text: textOf(message.content) }];
    if (message.role === "tool") {
      return [
        {
          ...common,
          type: "client_tool_result",
          output: textOf(message.content),
          ...(message.tool_call_id === undefined ? {} : { tool_call_id: message.tool_call_id }),
        },
      ];
    }
    return (message.tool_calls ?? []).map(({ id, function: called }) => ({
      ...common,
      type: "assistant_tool_call",
      tool_name: called.name,
      tool_call_id: id,
      arguments: called.arguments,
    }));
  });
}

function stepsOfItem(item: OutputItem): ToolTraceStep[] {
  const common = { source: "response", role: "assistant", api_type: "responses" };
  if (item.type === "function_call") {
    const { name, call_id: id, arguments: given } = item;
    return [{ ...common, type: "assistant_tool_call", tool_name: name, tool_call_id: id, arguments: given }];
  }
  const text = item.content.map((part) => (part.type === "refusal" ? part.refusal : part.text)).join("");
  return [{ ...common, type: "assistant_final_response", text }];
}

function textOf(content: unknown): string {
  if (content === undefined || content === null) return "";
  return typeof content === "string" ? content : JSON.stringify(content);
}
