import { HoldfastError } from "../errors.js";
import { storageError } from "../files/storage-error.js";
import type { LooseDocuments } from "../documents/loose-documents.js";
import type { ClockCache } from "../packs/index.js";
import { ReadDocument } from "./read-document.js";
import { assertReadable } from "./unreadable-version.js";
import type { Version } from "./version.js";

/** Reads bodies: from the version itself, from the cache, or from the document's file. */
export class Bodies {
  /** What was read from documents' files and from packs. */
  readonly cache: ClockCache;
  readonly #documents: LooseDocuments;
  readonly #kept = new Map<Version, ReadDocument<Version>>();

  constructor(documents: LooseDocuments, cache: ClockCache) {
    this.#documents = documents;
    this.cache = cache;
  }

  /** The body as JSON if no file has to be read for it. */
  inMemory(version: Version): string | undefined {
    if (version.body !== undefined) return version.body.toString();
    const kept = this.#kept.get(version);
    if (kept === undefined) return undefined;
    kept.recent = true;
    return kept.json;
  }

  /**
   * @returns the body as JSON; `"replaced"` if the file no longer holds this version, because a newer one was moved
   * there or the document was deleted: the caller looks at its newest version again.
   * @throws HoldfastError `CORRUPT`, `STORAGE_FAILED`
   */
  async read(collection: string, version: Version): Promise<{ readonly json: string } | "replaced"> {
    const inMemory = this.inMemory(version);
    if (inMemory !== undefined) return { json: inMemory };
    assertReadable(version);
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
    if (!this.#kept.has(version)) this.cache.keep(new ReadDocument(this.#kept, version, version, json));
  }
}
