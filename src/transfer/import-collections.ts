import { checkBody } from "../collections/check-body.js";
import { checkId } from "../collections/check-id.js";
import { defineCollection, type CollectionDefinition } from "../collections/index.js";
import { HoldfastError, isHoldfastError } from "../errors.js";
import { interpretBody } from "../store/interpret-body.js";
import { z } from "zod";
import type { ExportDocument } from "./export-format.js";
import type { ImportOptions, ImportTarget } from "./import-options.js";

/** The collections an import writes to: those of the program, and for others a definition of the version they came in. */
export class ImportCollections {
  readonly #target: ImportTarget;
  readonly #options: ImportOptions;
  readonly #unknown = new Map<string, CollectionDefinition<unknown>>();

  constructor(target: ImportTarget, options: ImportOptions) {
    this.#target = target;
    this.#options = options;
  }

  /**
   * @throws HoldfastError `INVALID_CONFIG` for a name that no collection can have, and for documents of a collection
   * that the program does not know, whose versions differ from each other or from those that are there.
   */
  definitionOf({
    collection,
    schemaVersion,
  }: Pick<ExportDocument, "collection" | "schemaVersion">): CollectionDefinition<unknown> {
    const known = this.#target.definitions.get(collection) ?? this.#unknown.get(collection);
    const definition = known ?? undeclared(collection, schemaVersion);
    if (!this.#target.definitions.has(collection) && definition.version !== schemaVersion) {
      throw new HoldfastError(
        "INVALID_CONFIG",
        `${collection} is of a kind this program does not know, and has documents of the schema versions ${definition.version} and ${schemaVersion}: how one becomes the other, only a program that knows it can tell. Import it with that.`,
      );
    }
    if (known === undefined) {
      this.#attach(definition);
      this.#unknown.set(collection, definition);
    }
    return definition;
  }

  /**
   * Checks a document and brings its body to the version in which it is stored.
   *
   * @throws HoldfastError `INVALID_ID`, `INVALID_DOCUMENT`, `DOCUMENT_TOO_LARGE`; `UNSUPPORTED_FORMAT` if a newer program
   * wrote it; `CORRUPT` if it can not be migrated.
   */
  bodyOf(document: ExportDocument): unknown {
    checkId(document.id);
    const definition = this.definitionOf(document);
    const body =
      document.schemaVersion === definition.version
        ? document.body
        : interpretBody(definition, document, JSON.stringify(document.body));
    checkBody(body, definition.schema, this.#options.limits, `${document.collection}/${document.id}`);
    return body;
  }

  /** What is there of the collection already may be of another version. */
  #attach(definition: CollectionDefinition<unknown>): void {
    try {
      this.#target.store.collection(definition);
    } catch (error) {
      if (!isHoldfastError(error, "INVALID_CONFIG")) throw error;
      throw new HoldfastError(
        "INVALID_CONFIG",
        `${definition.name} is there already, in another schema version than ${definition.version}. Import it with a program that knows it.`,
        { cause: error },
      );
    }
  }
}

function undeclared(name: string, version: number): CollectionDefinition<unknown> {
  const migrations = Object.fromEntries(
    Array.from({ length: version - 1 }, (_, index) => [index + 1, (body: unknown) => body]),
  );
  return defineCollection({ name, schema: z.unknown(), version, migrations });
}
