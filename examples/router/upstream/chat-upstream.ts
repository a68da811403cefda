import { z } from "zod";
import type { ChatMessage } from "./local-answer.js";
import { eventDataOf } from "./server-sent-events.js";
import type { Upstream } from "./upstream.js";

/** One piece of an answer, as it arrives. */
export type AnswerPiece =
  /** Stands first in an answer that was not asked for anew. */
  | { readonly type: "cached" }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "refusal"; readonly text: string }
  | {
      readonly type: "tool_call";
      /** Which of the calls of this answer it belongs to. */
      readonly index: number;
      readonly id?: string;
      readonly name?: string;
      /** The next piece of the arguments, which are JSON text. */
      readonly arguments: string;
    }
  | { readonly type: "finish"; readonly reason: string }
  | { readonly type: "usage"; readonly inputTokens: number; readonly outputTokens: number };

/** A request as the chat completions API takes it, `stream` left out: the router always streams from its upstream. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly [member: string]: unknown;
}

/** The upstream can not be reached, refused, or broke off. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  /** What the upstream answered with, if it answered. */
  readonly status: number | undefined;

  constructor(message: string, options: { readonly status?: number; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.status = options.status;
  }
}

const chunkSchema = z.looseObject({
  choices: z.array(
    z.looseObject({
      delta: z
        .looseObject({
          content: z.string().nullish(),
          refusal: z.string().nullish(),
          tool_calls: z
            .array(
              z.looseObject({
                index: z.int(),
                id: z.string().nullish(),
                function: z.looseObject({ name: z.string().nullish(), arguments: z.string().nullish() }).optional(),
              }),
            )
            .nullish(),
        })
        .optional(),
      finish_reason: z.string().nullish(),
    }),
  ),
  usage: z.looseObject({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish(),
});

/** An OpenAI-compatible server, asked by its chat completions API, which all of them have. */
export class ChatUpstream implements Upstream {
  readonly #url: string;
  readonly #key: string | undefined;

  /** @param url the base address, such as `https://api.openai.com/v1`. */
  constructor(url: string, key?: string) {
    this.#url = url.replace(/\/+$/, "");
    this.#key = key;
  }

  /** @throws UpstreamError also for a stream that ends without saying why it finished: it was cut off. */
  async *answer(request: ChatRequest, signal: AbortSignal): AsyncGenerator<AnswerPiece, void, undefined> {
    const body = await this.#open(request, signal);
    let finished = false;
    try {
      for await (const data of eventDataOf(body)) {
        if (data === "[DONE]") break;
        for (const piece of piecesOf(data)) {
          if (piece.type === "finish") finished = true;
          yield piece;
        }
      }
    } catch (error) {
      if (error instanceof UpstreamError || signal.aborted) throw error;
      throw new UpstreamError("The upstream broke off its answer.", { cause: error });
    }
    if (!finished) throw new UpstreamError("The upstream ended its answer before it was complete.");
  }

  async #open(request: ChatRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    let response: Response;
    try {
      response = await fetch(`${this.#url}/chat/completions`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "text/event-stream",
          ...(this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }),
        },
        body: JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } }),
        signal,
      });
    } catch (error) {
      if (signal.aborted) throw error;
      throw new UpstreamError(`The upstream at ${this.#url} can not be reached.`, { cause: error });
    }
    if (!response.ok || response.body === null) {
      const text = (await response.text()).slice(0, 1000);
      throw new UpstreamError(`The upstream answered ${response.status}: ${text}`, { status: response.status });
    }
    return response.body;
  }
}

function* piecesOf(data: string): Generator<AnswerPiece, void, undefined> {
  const chunk = chunkSchema.safeParse(jsonOf(data));
  if (!chunk.success) {
    throw new UpstreamError(`The upstream sent what is no chat completion chunk: ${data.slice(0, 200)}`);
  }
  const { choices, usage } = chunk.data;
  const [choice] = choices;
  const { content, refusal, tool_calls: calls } = choice?.delta ?? {};
  if (isText(content)) yield { type: "text", text: content };
  if (isText(refusal)) yield { type: "refusal", text: refusal };
  for (const { index, id, function: called } of calls ?? []) {
    yield {
      type: "tool_call",
      index,
      ...(isText(id) ? { id } : {}),
      ...(isText(called?.name) ? { name: called.name } : {}),
      arguments: called?.arguments ?? "",
    };
  }
  if (isText(choice?.finish_reason)) yield { type: "finish", reason: choice.finish_reason };
  if (usage !== null && usage !== undefined) {
    yield { type: "usage", inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens };
  }
}

function isText(value: string | null | undefined): value is string {
  return value !== null && value !== undefined && value !== "";
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is one of the ways not to be a chunk; the caller reports it with the text.
    return undefined;
  }
}
