import { createHash } from "node:crypto";

/** A message of the chat completions API, as far as the local upstream reads it. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string | readonly Readonly<Record<string, unknown>>[] | null;
  readonly tool_calls?: readonly ChatToolCall[];
  readonly tool_call_id?: string;
}

export interface ChatToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/** The first digits of the SHA-256 of a prompt. Another or a missing message anywhere in it makes another digest. */
export function digestOf(messages: readonly ChatMessage[]): string {
  return createHash("sha256").update(JSON.stringify(messages)).digest("hex").slice(0, 16);
}

/**
 * What the local upstream answers: it repeats the last message, and tells how many messages it was given and their
 * digest. Whoever knows what a conversation should contain can therefore tell from an answer whether the router sent all
 * of it.
 */
export function answerTo(messages: readonly ChatMessage[]): string {
  return `You said: ${textOf(messages.at(-1))} (message ${messages.length} of history ${digestOf(messages)})`;
}

/** The text of a message, its parts joined. */
export function textOf(message: ChatMessage | undefined): string {
  if (message === undefined || message.content === null) return "";
  if (typeof message.content === "string") return message.content;
  return message.content.map((part) => (typeof part["text"] === "string" ? part["text"] : "")).join("");
}
