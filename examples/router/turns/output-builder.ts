import type { AnswerPiece } from "../upstream/chat-upstream.js";
import { newId, type FunctionCall, type OutputItem, type OutputMessage, type OutputPart } from "./response-object.js";
import type { StreamEvent } from "./stream-event.js";

type ContentPiece = Extract<AnswerPiece, { type: "text" | "refusal" | "tool_call" }>;

interface OpenMessage {
  readonly kind: "message";
  readonly item: OutputMessage;
  readonly part: OutputPart;
}

interface OpenCall {
  readonly kind: "call";
  readonly item: FunctionCall;
  /** Which call of the upstream's answer it is. */
  readonly index: number;
}

/**
 * Makes output items of the pieces of an answer, and the events that tell a client of them. One item is open at a time:
 * it ends when a piece of another begins.
 */
export class OutputBuilder {
  readonly #done: OutputItem[] = [];
  #open: OpenMessage | OpenCall | undefined;

  /** The items so far; after {@link finish}, all of them. */
  get items(): readonly OutputItem[] {
    return this.#done;
  }

  *add(piece: ContentPiece): Generator<StreamEvent, void, undefined> {
    if (piece.type === "tool_call") yield* this.#addToCall(piece);
    else yield* this.#addToMessage(piece.type === "text" ? "output_text" : "refusal", piece.text);
  }

  /** Ends the item that is still open. */
  *finish(): Generator<StreamEvent, void, undefined> {
    const open = this.#open;
    if (open === undefined) return;
    const place = { output_index: this.#done.length, item_id: open.item.id };
    let item: OutputItem;
    if (open.kind === "message") {
      const part = { ...place, content_index: 0 };
      if (open.part.type === "refusal") {
        yield { type: "response.refusal.done", ...part, refusal: open.part.refusal };
      } else {
        yield { type: "response.output_text.done", ...part, text: open.part.text, logprobs: [] };
      }
      yield { type: "response.content_part.done", ...part, part: open.part };
      item = { ...open.item, status: "completed", content: [open.part] };
    } else {
      const { name, arguments: text } = open.item;
      yield { type: "response.function_call_arguments.done", ...place, name, arguments: text };
      item = { ...open.item, status: "completed" };
    }
    yield { type: "response.output_item.done", output_index: place.output_index, item };
    this.#done.push(item);
    this.#open = undefined;
  }

  *#addToMessage(type: OutputPart["type"], text: string): Generator<StreamEvent, void, undefined> {
    let open = this.#open;
    if (open?.kind !== "message" || open.part.type !== type) {
      yield* this.finish();
      const item = {
        id: newId("msg_"),
        type: "message",
        role: "assistant",
        status: "in_progress",
        content: [],
      } as const;
      open = { kind: "message", item, part: partOf(type, "") };
      yield { type: "response.output_item.added", output_index: this.#done.length, item };
      yield { type: "response.content_part.added", ...this.#placeOf(item), content_index: 0, part: open.part };
    }
    const said = open.part.type === "refusal" ? open.part.refusal : open.part.text;
    this.#open = { ...open, part: partOf(type, said + text) };
    yield {
      type: type === "refusal" ? "response.refusal.delta" : "response.output_text.delta",
      ...this.#placeOf(open.item),
      content_index: 0,
      delta: text,
      ...(type === "refusal" ? {} : { logprobs: [] }),
    };
  }

  *#addToCall(piece: Extract<ContentPiece, { type: "tool_call" }>): Generator<StreamEvent, void, undefined> {
    let open = this.#open;
    if (open?.kind !== "call" || open.index !== piece.index) {
      yield* this.finish();
      const item: FunctionCall = {
        id: newId("fc_"),
        type: "function_call",
        status: "in_progress",
        call_id: piece.id ?? newId("call_"),
        name: piece.name ?? "",
        arguments: "",
      };
      open = { kind: "call", item, index: piece.index };
      yield { type: "response.output_item.added", output_index: this.#done.length, item };
    }
    this.#open = { ...open, item: { ...open.item, arguments: open.item.arguments + piece.arguments } };
    if (piece.arguments === "") return;
    yield {
      type: "response.function_call_arguments.delta",
      ...this.#placeOf(open.item),
      delta: piece.arguments,
    };
  }

  #placeOf(item: OutputItem): { readonly output_index: number; readonly item_id: string } {
    return { output_index: this.#done.length, item_id: item.id };
  }
}

function partOf(type: OutputPart["type"], text: string): OutputPart {
  return type === "refusal" ? { type, refusal: text } : { type, text, annotations: [] };
}
