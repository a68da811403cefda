import type { ChatRequest } from "../upstream/chat-upstream.js";
import type { ChatMessage, ChatToolCall } from "../upstream/local-answer.js";
import type { CreateRequest } from "./create-request.js";

/** An item of a history: what was stored, or what the client has just sent. */
export type HistoryItem = Readonly<Record<string, unknown>>;

/**
 * What the upstream is asked: instructions first, then the history, then what is new.
 *
 * Items that chat completions have no word for (reasoning, say) are left out of the prompt; they stay in the history.
 */
export function chatRequestOf(request: CreateRequest, items: readonly HistoryItem[]): ChatRequest {
  const instructions = request.instructions ?? "";
  const messages: ChatMessage[] = instructions === "" ? [] : [{ role: "system", content: instructions }];
  for (const item of items) addTo(messages, item);
  return {
    model: request.model,
    messages,
    ...present("temperature", request.temperature),
    ...present("top_p", request.top_p),
    ...present("max_completion_tokens", request.max_output_tokens),
    ...present("parallel_tool_calls", request.parallel_tool_calls),
    ...toolMembers(request),
    ...present("response_format", responseFormatOf(request)),
  };
}

function addTo(messages: ChatMessage[], item: HistoryItem): void {
  const type = item["type"] ?? "message";
  if (type === "message") {
    const { role } = item;
    const speaker = role === "developer" ? "system" : role;
    if (speaker === "user" || speaker === "assistant" || speaker === "system") {
      messages.push({ role: speaker, content: contentOf(item["content"]) });
    }
  } else if (type === "function_call") {
    const call: ChatToolCall = {
      id: textOf(item["call_id"]),
      type: "function",
      function: { name: textOf(item["name"]), arguments: textOf(item["arguments"]) },
    };
    // The calls of one answer are one message there.
    const last = messages.at(-1);
    if (last?.role === "assistant" && last.tool_calls !== undefined) {
      messages[messages.length - 1] = { ...last, tool_calls: [...last.tool_calls, call] };
    } else {
      messages.push({ role: "assistant", content: null, tool_calls: [call] });
    }
  } else if (type === "function_call_output") {
    messages.push({ role: "tool", tool_call_id: textOf(item["call_id"]), content: contentOf(item["output"]) });
  }
}

/** Text alone becomes plain text, which every upstream takes; with anything else in it, it stays a list of parts. */
function contentOf(content: unknown): string | Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(content)) return textOf(content);
  const parts = (content as Readonly<Record<string, unknown>>[]).map(chatPartOf);
  if (parts.every((part) => part["type"] === "text")) return parts.map((part) => textOf(part["text"])).join("");
  return parts;
}

function chatPartOf(part: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  switch (part["type"]) {
    case "input_text":
    case "output_text":
      return { type: "text", text: part["text"] };
    case "refusal":
      return { type: "text", text: part["refusal"] };
    case "input_image":
      return { type: "image_url", image_url: { url: part["image_url"], ...present("detail", part["detail"]) } };
    default:
      return part;
  }
}

function toolMembers({ tools, tool_choice: choice }: CreateRequest): Record<string, unknown> {
  const functions = (tools ?? []).filter(({ type }) => type === "function");
  if (functions.length === 0) return {};
  return {
    tools: functions.map(({ type, ...definition }) => ({ type, function: definition })),
    ...present("tool_choice", toolChoiceOf(choice)),
  };
}

function toolChoiceOf(choice: unknown): unknown {
  if (typeof choice === "object" && choice !== null && "name" in choice) {
    return { type: "function", function: { name: choice.name } };
  }
  return choice;
}

function responseFormatOf({ text }: CreateRequest): unknown {
  const format = text?.["format"];
  if (typeof format !== "object" || format === null || !("type" in format) || format.type === "text") return undefined;
  if (format.type !== "json_schema") return format;
  const { type, ...schema } = format;
  return { type, json_schema: schema };
}

function present(name: string, value: unknown): Record<string, unknown> {
  return value === undefined || value === null ? {} : { [name]: value };
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
