import { HoldfastError } from "../errors.js";
import { storageError } from "../files/storage-error.js";
import type { LooseDocuments } from "../documents/loose-documents.js";
import type { Version } from "./version.js";

/** Reads bodies: from the version itself, from the cache, or from the document's file. */
export class Bodies {
  readonly #documents: LooseDocuments;
  readonly #capacity: number;
  /** Least recently used first. */
  readonly #cache = new Map<Version, string>();
  #cached = 0;

  constructor(documents: LooseDocuments, capacityBytes: number) {
    this.#documents = documents;
    this.#capacity = capacityBytes;
  }

  /** The body as JSON if no file has to be read for it. */
  inMemory(version: Version): string | undefined {
    if (version.body !== undefined) return version.body;
    const cached = this.#cache.get(version);
    if (cached !== undefined) {
      this.#cache.delete(version);
      this.#cache.set(version, cached);
    }
    return cached;
  }

  /**
   * @returns the body as JSON; `"replaced"` if the file no longer holds this version, because a newer one was moved
   * there or the document was deleted: the caller looks at its newest version again.
   * @throws HoldfastError `CORRUPT`, `STORAGE_FAILED`
   */
  async read(collection: string, version: Version): Promise<{ readonly json: string } | "replaced"> {
    const inMemory = this.inMemory(version);
    if (inMemory !== undefined) return { json: inMemory };
    const { packed } = version;
    if (packed !== undefined) return { json: (await packed.pack.read(packed.place)).body };
    try {
      const document = await this.#documents.read(collection, version.id);
      if (document?.envelope.sequence !== version.sequence) return "replaced";
      this.keep(version, document.body);
      return { json: document.body };
    } catch (error) {
      if (error instanceof HoldfastError) throw error;
      throw storageError(error, "read a document", this.#documents.pathOf(collection, version.id));
    }
  }

  /** Remembers a body that is about to be, or was, read from its file. */
  keep(version: Version, json: string): void {
    if (json.length > this.#capacity / 4 || this.#cache.has(version)) return;
    this.#cache.set(version, json);
    this.#cached += json.length;
    for (const [oldest, body] of this.#cache) {
      if (this.#cached <= this.#capacity) break;
      this.#cache.delete(oldest);
      this.#cached -= body.length;
    }
  }
}
