import { createHash, type Hash } from "node:crypto";
import { HoldfastError } from "../errors.js";
import {
  exportBlobSchema,
  exportDocumentSchema,
  exportFormat,
  exportHeaderSchema,
  exportTrailerSchema,
  exportVersion,
  type ExportBlob,
  type ExportDocument,
  type ExportHeader,
  type ExportTrailer,
} from "./export-format.js";
import type { ImportCollections } from "./import-collections.js";
import type { ImportOptions, ImportTarget } from "./import-options.js";
import { leftOut } from "./import-rules.js";
import { LineProblems } from "./line-problems.js";
import { jsonOf, linesOf } from "./lines.js";

export interface CheckedExport {
  readonly header: ExportHeader;
  readonly trailer: ExportTrailer;
  /** SHA-256 of the whole file. */
  readonly sha256: string;
  /** Documents whose ids are taken in the target: how many, and the first hundred as `collection/id`. */
  readonly taken: { readonly count: number; readonly first: readonly string[] };
}

/** How long a line can be around its body. */
export const lineOverheadBytes = 64 * 1024;
const leastLineBytes = 1024 * 1024;
const mostTakenListed = 100;

export function longestLine({ limits }: ImportOptions): number {
  return Math.max(leastLineBytes, limits.documentBytes + lineOverheadBytes);
}

/**
 * Reads an export to its end and checks every line: as it would be written, and against what is there.
 *
 * @throws HoldfastError `INVALID_DOCUMENT`, every problem listed with its line; `CORRUPT` if the file was cut off or
 * changed; `UNSUPPORTED_FORMAT` if a newer version wrote it; `DOCUMENT_TOO_LARGE`.
 */
export async function checkExport(
  path: string,
  target: ImportTarget,
  collections: ImportCollections,
  options: ImportOptions,
): Promise<CheckedExport> {
  return new ExportCheck(path, target, collections, options).run();
}

class ExportCheck {
  readonly #path: string;
  readonly #target: ImportTarget;
  readonly #collections: ImportCollections;
  readonly #options: ImportOptions;
  readonly #problems = new LineProblems();
  readonly #hash = createHash("sha256");
  readonly #documents = new Map<string, number>();
  /** The store keeps as much of every document in memory. */
  readonly #seen = new Set<string>();
  readonly #taken: string[] = [];
  #takenCount = 0;
  #header: ExportHeader | undefined;
  #trailer: ExportTrailer | undefined;
  #blob: { id: string; size: number; hash: Hash } | undefined;
  #blobs = 0;

  constructor(path: string, target: ImportTarget, collections: ImportCollections, options: ImportOptions) {
    this.#path = path;
    this.#target = target;
    this.#collections = collections;
    this.#options = options;
  }

  async run(): Promise<CheckedExport> {
    const { fileSystem, onProgress } = this.#options;
    let lines = 0;
    for await (const { number, bytes } of linesOf(fileSystem, this.#path, longestLine(this.#options))) {
      lines = number;
      if (this.#trailer !== undefined) {
        this.#problems.add(number, "", "stands behind the trailer");
        break;
      }
      await this.#check(number, bytes);
      this.#hash.update(bytes).update("\n");
      onProgress?.({ stage: "checking", done: number });
    }
    if (this.#header === undefined || this.#trailer === undefined) {
      // Whatever else is wrong with it, such as half a line at its end.
      throw new HoldfastError(
        "CORRUPT",
        `${this.#path} was cut off: it ends after ${lines} lines, without the trailer that ends an export. Nothing was imported; export again.`,
        { details: { path: this.#path, lines } },
      );
    }
    this.#problems.throwIfAny(this.#path);
    return {
      header: this.#header,
      trailer: this.#trailer,
      sha256: this.#hash.digest("hex"),
      taken: { count: this.#takenCount, first: this.#taken },
    };
  }

  async #check(number: number, bytes: Buffer): Promise<void> {
    let line: unknown;
    try {
      line = jsonOf(bytes);
    } catch (error) {
      if (this.#header === undefined) this.#assertHeader(undefined);
      this.#problems.note(number, error);
      return;
    }
    if (this.#header === undefined) {
      this.#assertHeader(line);
    } else if (isObject(line) && "end" in line && !("blob" in line)) {
      this.#checkTrailer(number, line);
    } else if (isObject(line) && "blob" in line) {
      const blob = exportBlobSchema.safeParse(line);
      if (blob.success) this.#checkBlob(number, blob.data);
      else this.#problems.noteIssues(number, blob.error.issues);
    } else {
      const document = exportDocumentSchema.safeParse(line);
      if (document.success) await this.#checkDocument(number, document.data);
      else this.#problems.noteIssues(number, document.error.issues);
    }
  }

  #assertHeader(line: unknown): void {
    const isOurs = isObject(line) && line["format"] === exportFormat;
    if (isOurs && typeof line["version"] === "number" && line["version"] > exportVersion) {
      throw new HoldfastError(
        "UNSUPPORTED_FORMAT",
        `${this.#path} is an export of version ${line["version"]}; this program knows version ${exportVersion}. Import it with the program that wrote it.`,
        { details: { path: this.#path, version: line["version"], known: exportVersion } },
      );
    }
    const header = exportHeaderSchema.safeParse(line);
    if (!header.success) {
      throw HoldfastError.ofProblems("INVALID_DOCUMENT", `${this.#path} can not be imported; nothing was written.`, [
        {
          path: "/lines/1",
          message: "is not the header of a Holdfast export; what is another kind is named with --from",
        },
      ]);
    }
    this.#header = header.data;
  }

  async #checkDocument(number: number, document: ExportDocument): Promise<void> {
    this.#assertBlobEnded(number);
    const { collection, id } = document;
    this.#documents.set(collection, (this.#documents.get(collection) ?? 0) + 1);
    if (leftOut.has(collection)) return;
    try {
      this.#collections.bodyOf(document);
    } catch (error) {
      this.#problems.note(number, error);
      return;
    }
    const key = `${collection}/${id}`;
    if (this.#seen.has(key)) this.#problems.add(number, "/id", `${key} is in the file twice`);
    this.#seen.add(key);
    const definition = this.#collections.definitionOf(document);
    if ((await this.#target.store.collection(definition).get(id)) === undefined) return;
    this.#takenCount += 1;
    if (this.#taken.length < mostTakenListed) this.#taken.push(key);
  }

  #checkBlob(number: number, { blob, offset, data, end }: ExportBlob): void {
    if (this.#target.blobs === undefined) {
      this.#problems.add(number, "/blob", "holds bytes of a file, and there is nowhere to put them");
    }
    if (this.#blob?.id !== blob) {
      this.#assertBlobEnded(number);
      this.#blob = { id: blob, size: 0, hash: createHash("sha256") };
    }
    const bytes = Buffer.from(data, "base64");
    if (offset !== this.#blob.size) this.#problems.add(number, "/offset", `must be ${this.#blob.size}`);
    this.#blob.hash.update(bytes);
    this.#blob.size += bytes.length;
    if (end === undefined) return;
    if (end.size !== this.#blob.size) this.#problems.add(number, "/end/size", `there are ${this.#blob.size} bytes`);
    if (end.sha256 !== this.#blob.hash.digest("hex"))
      this.#problems.add(number, "/end/sha256", "does not match the bytes");
    this.#blobs += 1;
    this.#blob = undefined;
  }

  #assertBlobEnded(number: number): void {
    if (this.#blob === undefined) return;
    this.#problems.add(number, "", `the bytes of ${JSON.stringify(this.#blob.id)} have no end`);
    this.#blob = undefined;
  }

  #checkTrailer(number: number, line: Readonly<Record<string, unknown>>): void {
    this.#assertBlobEnded(number);
    const trailer = exportTrailerSchema.safeParse(line);
    if (!trailer.success) {
      this.#problems.noteIssues(number, trailer.error.issues);
      return;
    }
    const { end, documents, blobs, sha256 } = trailer.data;
    this.#trailer = trailer.data;
    const isSame =
      end === number - 1 &&
      blobs === this.#blobs &&
      sha256 === this.#hash.copy().digest("hex") &&
      [...this.#documents].every(([name, count]) => documents[name] === count) &&
      Object.entries(documents).every(([name, count]) => (this.#documents.get(name) ?? 0) === count);
    if (isSame) return;
    throw new HoldfastError(
      "CORRUPT",
      `${this.#path} is not what was exported: its trailer tells of ${end} lines with another content. Nothing was imported; export again.`,
      { details: { path: this.#path, lines: number - 1 } },
    );
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
