import { openCache, type Cache } from "holdfast/cache";
import type { Passage } from "../retrieval/passage.js";
import type { AnswerPiece } from "../upstream/chat-upstream.js";

/** What the router may forget at any time. */
export interface RouterCaches extends AsyncDisposable {
  readonly answers: Cache<readonly AnswerPiece[]>;
  readonly passages: Cache<readonly Passage[]>;
}

/** @param url a Redis or Valkey server that several routers share; absent: the memory of this process. */
export async function openCaches(url: string | undefined): Promise<RouterCaches> {
  const answers = await openCache<readonly AnswerPiece[]>({ name: "answers", url });
  const passages = await openCache<readonly Passage[]>({ name: "passages", url });
  return {
    answers,
    passages,
    async [Symbol.asyncDispose]() {
      await answers.close();
      await passages.close();
    },
  };
}
