import { responseCacheKey, type Cache } from "holdfast/cache";
import type { AnswerPiece, ChatRequest } from "../upstream/chat-upstream.js";
import type { Upstream } from "../upstream/upstream.js";

/**
 * Gives the answer that exactly the same prompt had before, if the cache still has it. It stands where a semantic cache
 * would: losing it costs time and money, never truth, so it is no part of the state.
 */
export class CachedUpstream implements Upstream {
  readonly #upstream: Upstream;
  readonly #cache: Cache<readonly AnswerPiece[]>;

  constructor(upstream: Upstream, cache: Cache<readonly AnswerPiece[]>) {
    this.#upstream = upstream;
    this.#cache = cache;
  }

  async *answer(request: ChatRequest, signal: AbortSignal): AsyncGenerator<AnswerPiece, void, undefined> {
    const { model } = request;
    const key = responseCacheKey({ requestModel: model, selectedModel: model, protocol: "responses" }, request);
    const known = await this.#cache.get(key);
    if (known !== undefined) {
      yield { type: "cached" };
      yield* known;
      return;
    }
    const pieces: AnswerPiece[] = [];
    for await (const piece of this.#upstream.answer(request, signal)) {
      pieces.push(piece);
      yield piece;
    }
    // Only a whole answer gets here: one that was cut off threw. The guard stands behind the cache, and looks each time.
    await this.#cache.set(key, pieces);
  }
}
