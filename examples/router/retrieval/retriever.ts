import { HoldfastError, type Files, type VectorStores } from "holdfast";
import { retrievalCacheKey, type Cache } from "holdfast/cache";
import type { Passage } from "./passage.js";

export interface RetrieverServices {
  readonly files: Files;
  readonly vectorStores: VectorStores;
  readonly cache: Cache<readonly Passage[]>;
}

const passagesPerStore = 3;
/** Files of a store that are looked through. */
const filesPerStore = 100;

/**
 * Finds passages in the files of vector stores by the words they share with a question. It stands where embeddings and a
 * vector backend would; which files there are, and their bytes, come from the state directory.
 */
export class Retriever {
  readonly #services: RetrieverServices;

  constructor(services: RetrieverServices) {
    this.#services = services;
  }

  /** @throws HoldfastError `NOT_FOUND` for a vector store that is not there. */
  async retrieve(vectorStores: readonly string[], question: string): Promise<readonly Passage[]> {
    const found = await Promise.all(vectorStores.map((store) => this.#retrieveFrom(store, question)));
    return found.flat().sort((left, right) => right.score - left.score);
  }

  async #retrieveFrom(vectorStore: string, question: string): Promise<readonly Passage[]> {
    const { vectorStores, cache } = this.#services;
    const { files } = await vectorStores.listFiles(vectorStore, { filter: "completed", limit: filesPerStore });
    const ids = files.map(({ id }) => id);
    const key = retrievalCacheKey({
      backend: "words",
      vectorStore,
      // A file never changes, so the files that are attached are all that an answer depends on.
      contentVersion: ids.join(),
      query: question,
      topK: passagesPerStore,
    });
    return cache.getOrCompute(key, () => this.#search(ids, question));
  }

  async #search(ids: readonly string[], question: string): Promise<readonly Passage[]> {
    const wanted = wordsOf(question);
    const passages: Passage[] = [];
    for (const id of ids) {
      const content = await this.#services.files.content(id);
      // Deleted since the list was read.
      if (content === undefined) continue;
      const text = Buffer.concat(await content.bytes.toArray()).toString("utf8");
      for (const paragraph of text.split(/\n\s*\n/)) {
        const shared = [...wordsOf(paragraph)].filter((word) => wanted.has(word)).length;
        if (shared === 0) continue;
        const score = shared / wanted.size;
        passages.push({ file_id: id, filename: content.stored.body.file.filename, text: paragraph.trim(), score });
      }
    }
    return passages.sort((left, right) => right.score - left.score).slice(0, passagesPerStore);
  }
}

/** The vector stores that a request's tools name. @throws HoldfastError `INVALID_DOCUMENT` for a tool without any. */
export function storesToSearch(tools: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  return tools.flatMap((tool, index) => {
    if (tool["type"] !== "file_search") return [];
    const ids = tool["vector_store_ids"];
    if (Array.isArray(ids) && ids.length > 0 && ids.every((id) => typeof id === "string")) return ids;
    throw HoldfastError.ofProblems("INVALID_DOCUMENT", "The request can not be answered.", [
      { path: `/tools/${index}/vector_store_ids`, message: "must name at least one vector store" },
    ]);
  });
}

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu));
}
