import type { Replay, Responses } from "holdfast";
import type { Passage } from "../retrieval/passage.js";
import { UpstreamError, type ChatRequest } from "../upstream/chat-upstream.js";
import type { Upstream } from "../upstream/upstream.js";
import { conversationIdOf, type CreateRequest } from "./create-request.js";
import { OutputBuilder } from "./output-builder.js";
import type { OutputGuard } from "./output-guard.js";
import { beginResponse, unixTime, type ResponseObject, type ResponseUsage } from "./response-object.js";
import { RouterStopping } from "./router-stopping.js";
import type { StreamEvent } from "./stream-event.js";
import { TurnRecord, type Failure } from "./turn-record.js";

/** What every turn works with. */
export interface TurnServices {
  readonly responses: Responses;
  readonly replay: Replay;
  readonly upstream: Upstream;
  readonly guard: OutputGuard;
}

/** What one turn was started with. */
export interface TurnStart {
  readonly requestId: string;
  readonly request: CreateRequest;
  /** The prompt: the history that was found, and what is new. */
  readonly prompt: ChatRequest;
  /** How many answers the history has. */
  readonly turnIndex: number;
  /** What was found in vector stores; `undefined` if none was to be searched. */
  readonly passages: readonly Passage[] | undefined;
  /** The revision of the conversation the history was read at; absent without a conversation. */
  readonly conversationRevision: number | undefined;
  /** Lets the conversation go. */
  readonly release: () => void;
}

/** One question and its answer: from the upstream, past the guard, into the store, and only then to the client. */
export class Turn {
  readonly #services: TurnServices;
  readonly #start: TurnStart;
  /** The response as it begins; what comes of it is the return value of {@link run}. */
  readonly begun: ResponseObject;
  /** `undefined` for a turn of which nothing is to be stored. */
  readonly record: TurnRecord | undefined;
  #fromCache = false;

  constructor(services: TurnServices, start: TurnStart) {
    this.#services = services;
    this.#start = start;
    this.begun = beginResponse(start.request);
    this.record = start.request.store === false ? undefined : new TurnRecord(services.replay);
  }

  /** Runs the turn, and yields what a streaming client is to be told, the outcome excepted. @returns the outcome. */
  async *run(signal: AbortSignal): AsyncGenerator<StreamEvent, ResponseObject, undefined> {
    await this.#begin();
    let end: Failure | undefined = abortOf(signal);
    try {
      yield { type: "response.created", response: this.begun };
      yield { type: "response.in_progress", response: this.begun };
      const outcome = yield* this.#answer(signal);
      await this.#commit(outcome);
      await this.record?.complete(outcome, { fromCache: this.#fromCache });
      end = undefined;
      return outcome;
    } catch (error) {
      end = signal.aborted ? abortOf(signal) : failureOf(error);
      throw error;
    } finally {
      // Also when the client left and nobody asks for the next event any more.
      if (end !== undefined) await this.record?.fail(end);
    }
  }

  async #begin(): Promise<void> {
    const { requestId, request, prompt, turnIndex, passages } = this.#start;
    await this.record?.begin({
      requestId,
      response: this.begun,
      prompt,
      conversation: conversationIdOf(request),
      turnIndex,
      passages,
      stream: request.stream === true,
    });
  }

  /** Must be called when the turn is over, whether it ran or not. */
  end(): void {
    this.#start.release();
  }

  async *#answer(signal: AbortSignal): AsyncGenerator<StreamEvent, ResponseObject, undefined> {
    const { upstream, guard } = this.#services;
    const output = new OutputBuilder();
    let text = "";
    let usage: ResponseUsage | null = null;
    let cutOff = false;
    for await (const piece of upstream.answer(this.#start.prompt, signal)) {
      if (piece.type === "cached") {
        this.#fromCache = true;
      } else if (piece.type === "usage") {
        usage = usageOf(piece.inputTokens, piece.outputTokens);
      } else if (piece.type === "finish") {
        cutOff = piece.reason === "length";
      } else {
        if (piece.type !== "tool_call") text += piece.text;
        if (guard.checkBeginning?.(text).allowed === false) return this.#stopped(usage);
        yield* output.add(piece);
      }
    }
    yield* output.finish();
    const verdict = await guard.check(text);
    if (!verdict.allowed) return this.#stopped(usage);
    const answered = { ...this.begun, completed_at: unixTime(), output: output.items, usage };
    if (!cutOff) return { ...answered, status: "completed" };
    return { ...answered, status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
  }

  /** The outcome when the guard says no: nothing of the answer is kept. */
  #stopped(usage: ResponseUsage | null): ResponseObject {
    return { ...this.begun, status: "incomplete", incomplete_details: { reason: "content_filter" }, usage };
  }

  /**
   * Durable when this resolves. If it does not, the client must never see the outcome: a process that dies here leaves
   * the turn whole or not at all, and the client, who was told nothing, asks again.
   */
  async #commit(outcome: ResponseObject): Promise<void> {
    const { request, conversationRevision } = this.#start;
    if (request.store === false) return;
    await this.#services.responses.record(
      { response: outcome, input: request.input },
      { ifConversationRevision: conversationRevision },
    );
  }
}

/** Without a word of the signal, it is the client that does not ask for the rest any more. */
function abortOf({ reason }: AbortSignal): Failure {
  const isStopping = reason instanceof RouterStopping;
  return { state: "aborted", reason: isStopping ? "router_stopping" : "client_canceled", status: undefined };
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof UpstreamError))
    return { state: "failed", reason: "request_processing_failed", status: undefined };
  return { state: "failed", reason: "upstream_error_response", status: error.status };
}

function usageOf(inputTokens: number, outputTokens: number): ResponseUsage {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
}
