import type { AnswerPiece, ChatRequest } from "./chat-upstream.js";

/** Whatever answers a prompt. */
export interface Upstream {
  /**
   * Yields an answer piece by piece.
   *
   * @throws UpstreamError if there is no whole answer.
   */
  answer(request: ChatRequest, signal: AbortSignal): AsyncGenerator<AnswerPiece, void, undefined>;
}
