import { randomBytes } from "node:crypto";
import { conversationIdOf, type CreateRequest } from "./create-request.js";

/** A response object of the OpenAI Responses API, with the members its schema requires. */
export interface ResponseObject {
  readonly id: string;
  readonly object: "response";
  readonly created_at: number;
  readonly completed_at?: number;
  readonly status: "in_progress" | "completed" | "incomplete" | "failed";
  readonly model: string;
  readonly output: readonly OutputItem[];
  readonly usage: ResponseUsage | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly incomplete_details: { readonly reason: "max_output_tokens" | "content_filter" } | null;
  readonly [member: string]: unknown;
}

export type OutputItem = OutputMessage | FunctionCall;

export interface OutputMessage {
  readonly id: string;
  readonly type: "message";
  readonly role: "assistant";
  readonly status: "in_progress" | "completed" | "incomplete";
  readonly content: readonly OutputPart[];
}

export type OutputPart =
  | { readonly type: "output_text"; readonly text: string; readonly annotations: readonly unknown[] }
  | { readonly type: "refusal"; readonly refusal: string };

export interface FunctionCall {
  readonly id: string;
  readonly type: "function_call";
  readonly status: "in_progress" | "completed" | "incomplete";
  readonly call_id: string;
  readonly name: string;
  readonly arguments: string;
}

export interface ResponseUsage {
  readonly input_tokens: number;
  readonly input_tokens_details: { readonly cached_tokens: number };
  readonly output_tokens: number;
  readonly output_tokens_details: { readonly reasoning_tokens: number };
  readonly total_tokens: number;
}

/** An id that was never used before: the prefix and 24 hexadecimal digits. */
export function newId(prefix: string): string {
  return prefix + randomBytes(12).toString("hex");
}

export function unixTime(): number {
  return Math.floor(Date.now() / 1000);
}

/** Members of a request that are no settings. */
const notRepeated: ReadonlySet<string> = new Set(["input", "stream", "conversation"]);

/** The response to a request as it begins: nothing said yet, and every setting of the request repeated in it. */
export function beginResponse(request: CreateRequest): ResponseObject {
  const settings = Object.entries(request).filter(
    ([name, value]) => !notRepeated.has(name) && value !== null && value !== undefined,
  );
  const conversation = conversationIdOf(request);
  return {
    // What the schema requires and the request may leave out; a setting that was given stands above its default.
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    temperature: null,
    tool_choice: "auto",
    tools: [],
    top_p: null,
    previous_response_id: null,
    text: { format: { type: "text" } },
    ...Object.fromEntries(settings),
    conversation: conversation === undefined ? null : { id: conversation },
    store: request.store ?? true,
    background: false,
    id: newId("resp_"),
    object: "response",
    created_at: unixTime(),
    status: "in_progress",
    model: request.model,
    output: [],
    usage: null,
    error: null,
    incomplete_details: null,
  };
}
