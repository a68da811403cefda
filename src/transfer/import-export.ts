import type { Document } from "../collections/index.js";
import { HoldfastError } from "../errors.js";
import { checkExport, longestLine, type CheckedExport } from "./check-export.js";
import { exportBlobSchema, exportDocumentSchema, type ExportBlob, type ExportDocument } from "./export-format.js";
import { ImportCollections } from "./import-collections.js";
import { beginImport, endImport, isUnderWay } from "../surfaces/imports/index.js";
import { ImportTally, type ImportOptions, type ImportReport, type ImportTarget } from "./import-options.js";
import { beforeWriting, leftOut } from "./import-rules.js";
import { jsonOf, linesOf, type Line } from "./lines.js";

/** What one transaction writes at most. */
const documentsPerTransaction = 200;
const bytesPerTransaction = 4 * 1024 * 1024;

/**
 * Brings a Holdfast export in: first every line is checked and nothing written, then it is written in bounded
 * transactions, in the order of the file, so that listings keep theirs.
 *
 * Documents keep id, body, expiry and, through migrations, schema version; revision, sequence number and times are those
 * of the new store. Bytes of files come before the documents that name them. After a crash the same call, with the same
 * input, goes on. The directory should be opened anew afterwards: then its surfaces put in order what depends on each
 * other, such as the counters of replay.
 *
 * @throws HoldfastError `ALREADY_EXISTS` with `details.ids` if ids are taken and `existing` is `"refuse"`; what
 * {@link checkExport} throws; nothing has been written then. And what the store throws.
 */
export async function importExport(path: string, target: ImportTarget, options: ImportOptions): Promise<ImportReport> {
  const collections = new ImportCollections(target, options);
  const checked = await checkExport(path, target, collections, options);
  const { sha256, taken } = checked;
  const resumed = await isUnderWay(target.store, sha256);
  if (taken.count > 0 && options.existing === "refuse" && !resumed) throw alreadyExist(taken);
  if (!options.dryRun) await beginImport(target.store, sha256, target.now());
  const tally = await new ExportImport(path, target, collections, options, checked).run();
  if (!options.dryRun) await endImport(target.store, sha256);
  return tally.report({ dryRun: options.dryRun, resumed, sha256 });
}

export function alreadyExist({ count, first }: CheckedExport["taken"]): HoldfastError {
  return new HoldfastError(
    "ALREADY_EXISTS",
    `${count} of the documents are there already, such as ${first.slice(0, 3).join(", ")}; nothing was written. Import with --skip-existing to keep those that are there, or with --replace to overwrite them.`,
    { details: { count, ids: first } },
  );
}

class ExportImport {
  readonly #path: string;
  readonly #target: ImportTarget;
  readonly #collections: ImportCollections;
  readonly #options: ImportOptions;
  readonly #total: number;
  readonly #tally = new ImportTally();
  #batch: ExportDocument[] = [];
  #batchBytes = 0;

  constructor(
    path: string,
    target: ImportTarget,
    collections: ImportCollections,
    options: ImportOptions,
    { trailer }: CheckedExport,
  ) {
    this.#path = path;
    this.#target = target;
    this.#collections = collections;
    this.#options = options;
    this.#total = trailer.end;
  }

  async run(): Promise<ImportTally> {
    const lines = linesOf(this.#options.fileSystem, this.#path, longestLine(this.#options));
    for await (const { number, bytes } of lines) {
      if (number === 1) continue;
      if (number > this.#total) break;
      const line = jsonOf(bytes) as Record<string, unknown>;
      if ("blob" in line) {
        await this.#takeBlob(exportBlobSchema.parse(line), lines);
      } else {
        await this.#takeDocument(exportDocumentSchema.parse(line), bytes.length);
      }
      this.#options.onProgress?.({ stage: "writing", done: number, total: this.#total });
    }
    await this.#writeBatch();
    return this.#tally;
  }

  async #takeDocument(document: ExportDocument, bytes: number): Promise<void> {
    if (leftOut.has(document.collection)) {
      this.#tally.leaveOut(document.collection);
      return;
    }
    if (document.expiresAt !== undefined && Date.parse(document.expiresAt) <= this.#target.now()) {
      this.#tally.expired += 1;
      return;
    }
    this.#batch.push(document);
    this.#batchBytes += bytes;
    if (this.#batch.length >= documentsPerTransaction || this.#batchBytes >= bytesPerTransaction) {
      await this.#writeBatch();
    }
  }

  async #writeBatch(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    if (batch.length === 0) return;
    const written = this.#options.dryRun ? await this.#wouldWrite(batch) : await this.#write(batch);
    for (const { collection } of written) this.#tally.write(collection);
    this.#tally.skipped += batch.length - written.length;
  }

  /** @returns what was written; the rest is there already. */
  async #write(batch: readonly ExportDocument[]): Promise<ExportDocument[]> {
    return this.#target.store.transaction(async (transaction) => {
      // The transaction may run more than once: nothing is counted outside of it.
      const written: ExportDocument[] = [];
      await beforeWriting(transaction, new Set(batch.map(({ collection }) => collection)));
      for (const document of batch) {
        const collection = transaction.collection(this.#collections.definitionOf(document));
        const options = { expiresAt: document.expiresAt ?? null };
        if (this.#options.existing === "replace") {
          await collection.put(document.id, this.#collections.bodyOf(document), options);
        } else if ((await collection.get(document.id)) === undefined) {
          await collection.insert(document.id, this.#collections.bodyOf(document), options);
        } else {
          continue;
        }
        written.push(document);
      }
      return written;
    });
  }

  async #wouldWrite(batch: readonly ExportDocument[]): Promise<ExportDocument[]> {
    if (this.#options.existing === "replace") return [...batch];
    const absent: ExportDocument[] = [];
    for (const document of batch) {
      const collection = this.#target.store.collection(this.#collections.definitionOf(document));
      const found: Document<unknown> | undefined = await collection.get(document.id);
      if (found === undefined) absent.push(document);
    }
    return absent;
  }

  /** Bytes never change under their id: those that are there are not written again. */
  async #takeBlob(first: ExportBlob, lines: AsyncGenerator<Line>): Promise<void> {
    const { blobs } = this.#target;
    const parts = partsOf(first, lines);
    const isThere = (await blobs?.stat(first.blob)) !== undefined;
    if (blobs === undefined || isThere || this.#options.dryRun) {
      // Read past.
      while ((await parts.next()).done !== true);
      if (isThere) return;
    } else {
      await blobs.write(first.blob, parts);
    }
    this.#tally.blobs += 1;
  }
}

async function* partsOf(first: ExportBlob, lines: AsyncGenerator<Line>): AsyncGenerator<Uint8Array> {
  for (let part = first; ;) {
    yield Buffer.from(part.data, "base64");
    if (part.end !== undefined) return;
    const next = await lines.next();
    if (next.done === true) return;
    part = exportBlobSchema.parse(jsonOf(next.value.bytes));
  }
}
