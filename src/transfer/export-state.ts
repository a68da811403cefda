import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { HoldfastError } from "../errors.js";
import type { Envelope } from "../documents/envelope.js";
import { isAbsent } from "../files/node-file-system.js";
import { storageError } from "../files/storage-error.js";
import { blobName } from "../blobs/index.js";
import { type BlobNaming, type NamedBlob } from "../backup/backup-blobs.js";
import type { BackupDamage } from "../backup/backup-list.js";
import { PictureCopy, type Picture, type PictureSink } from "../store/picture-copy.js";
import { systemEnvironment, type OpenEnvironment } from "../store/open-options.js";
import { openReaderParts, type OpenedReader } from "../store/open-reader.js";
import { parseStoreOptions } from "../store/options.js";
import { version } from "../version.js";
import { blobPartBytes, documentLine, exportFormat, exportVersion, type ExportHeader } from "./export-format.js";
import type { ExportOutput } from "./export-output.js";
import { Spool, type Stretch } from "./spool.js";

export interface ExportOptions {
  /** The state directory. Another process may own it, and go on writing. */
  readonly directory: string;
  readonly output: ExportOutput;
  /** Only these. Default: all. */
  readonly collections?: readonly string[] | undefined;
  /** Which documents name bytes that go with them. Default: no bytes are exported. */
  readonly files?: BlobNaming | undefined;
  /** A folder with room for all of the export: what is one moment can only be told at its end. */
  readonly spoolFolder: string;
  readonly onProgress?: (progress: ExportProgress) => void;
  /** The disk and the time, for tests. */
  readonly environment?: Partial<Pick<OpenEnvironment, "fileSystem" | "clock">>;
}

export interface ExportProgress {
  readonly stage: "reading" | "gathering" | "writing";
  readonly done: number;
  readonly total?: number;
}

export interface ExportReport {
  readonly storeId: string;
  readonly sequence: number;
  readonly exportedAt: string;
  readonly documents: Readonly<Record<string, number>>;
  /** Expired documents that had not been removed yet, and are left out. */
  readonly expired: number;
  readonly blobs: number;
  readonly bytes: number;
  readonly sha256: string;
  /** What could not be read of the directory, and is therefore not in the export. */
  readonly damage: readonly BackupDamage[];
}

const batchBytes = 1024 * 1024;
/** Files that were removed between a picture and their reading are looked for so often in newer pictures. */
const mostPictures = 20;

/**
 * Writes all documents as of one commit, collection by collection in the order of creation, while an owner goes on.
 *
 * What is written can not be taken back, and which commit it will be is known only when every document has been read
 * (see {@link PictureCopy}). So they are gathered in a temporary file first.
 *
 * @throws HoldfastError `NOT_FOUND` for a collection that is not there; `INVALID_CONFIG` if there is no state;
 * `CORRUPT`; `COMPACTED`; `STORAGE_FULL`, `STORAGE_FAILED`, after which a file of the export is not there
 */
export async function exportStateDirectory(options: ExportOptions): Promise<ExportReport> {
  const { output, onProgress } = options;
  const environment: OpenEnvironment = {
    ...systemEnvironment,
    ...options.environment,
    collections: [],
    onProgress: ({ done, total }) =>
      onProgress?.({ stage: "reading", done, ...(total === undefined ? {} : { total }) }),
  };
  try {
    const settings = parseStoreOptions({ cacheBytes: 0 });
    const source = await openReaderParts({ directory: resolve(options.directory), settings, environment });
    try {
      assertKnown(source, options.collections ?? []);
      await using spool = await Spool.begin(environment.fileSystem, options.spoolFolder);
      return await new Export(source, spool, environment, options).run();
    } finally {
      await source.store.close();
    }
  } catch (error) {
    await output.discard();
    throw storageError(error, "export the state directory", options.directory);
  }
}

function assertKnown({ store }: OpenedReader, collections: readonly string[]): void {
  const unknown = collections.filter((name) => !store.collectionNames().includes(name));
  if (unknown.length === 0) return;
  throw new HoldfastError(
    "NOT_FOUND",
    `There is no collection ${unknown.join(", ")} in ${store.directory}; there are ${store.collectionNames().join(", ")}.`,
    { details: { collections: unknown } },
  );
}

interface SpooledBlob extends Stretch {
  readonly sha256: string;
}

/** One export under way. */
class Export implements PictureSink {
  readonly #source: OpenedReader;
  readonly #spool: Spool;
  readonly #environment: OpenEnvironment;
  readonly #options: ExportOptions;
  readonly #lines = new Map<string, Stretch>();
  readonly #named = new Map<string, NamedBlob>();
  readonly #blobs = new Map<string, SpooledBlob>();
  readonly #hash = createHash("sha256");
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #bytes = 0;
  #lineCount = 0;

  constructor(source: OpenedReader, spool: Spool, environment: OpenEnvironment, options: ExportOptions) {
    this.#source = source;
    this.#spool = spool;
    this.#environment = environment;
    this.#options = options;
  }

  async run(): Promise<ExportReport> {
    const picture = await this.#gather();
    const { store } = this.#source;
    const { clock } = this.#environment;
    const header: ExportHeader = {
      format: exportFormat,
      version: exportVersion,
      storeId: store.storeId,
      sequence: picture.sequence,
      exportedAt: new Date(clock.now()).toISOString(),
      createdBy: `holdfast ${version}`,
      collections: picture.collections.map(({ name }) => name),
      whole: this.#options.collections === undefined,
      files: this.#options.files !== undefined,
    };
    await this.#line(`${JSON.stringify(header)}\n`);
    // Bytes before the documents that name them: so they can be brought in, too.
    for (const [id, blob] of this.#blobs) await this.#writeBlob(id, blob);
    const { documents, expired } = await this.#writeDocuments(picture);
    await this.#flush();
    const sha256 = this.#hash.copy().digest("hex");
    const trailer = { end: this.#lineCount, documents, blobs: this.#blobs.size, sha256 };
    await this.#line(`${JSON.stringify(trailer)}\n`);
    await this.#flush();
    await this.#options.output.finish();
    const { storeId, sequence, exportedAt } = header;
    const damage = damageOf(this.#source);
    return {
      storeId,
      sequence,
      exportedAt,
      documents,
      expired,
      blobs: this.#blobs.size,
      bytes: this.#bytes,
      sha256,
      damage,
    };
  }

  async put(envelope: Envelope, body: string): Promise<void> {
    const { kind, id, revision, sequence, createdAt, updatedAt, expiresAt, schemaVersion } = envelope;
    const expiry = expiresAt === undefined ? {} : { expiresAt };
    const head = { collection: kind, id, revision, sequence, createdAt, updatedAt, ...expiry, schemaVersion };
    const key = keyOf(kind, id);
    const blob = this.#options.files?.get(kind)?.(JSON.parse(body));
    if (blob === undefined) this.#named.delete(key);
    else this.#named.set(key, blob);
    this.#lines.set(key, await this.#spool.append(Buffer.from(documentLine(head, body))));
  }

  remove(collection: string, id: string): Promise<void> {
    this.#lines.delete(keyOf(collection, id));
    this.#named.delete(keyOf(collection, id));
    return Promise.resolve();
  }

  /** As a backup does: bytes that are gone are looked for in a newer picture, which does not name them, or are damage. */
  async #gather(): Promise<Picture> {
    const { collections } = this.#options;
    using documents = new PictureCopy(this.#source, this, {
      collections: collections && new Set(collections),
      onProgress: (done, total) => this.#options.onProgress?.({ stage: "gathering", done, total }),
    });
    let missingBefore = new Set<string>();
    for (let attempt = 1; ; attempt += 1) {
      const picture = await documents.advance();
      const missing = await this.#gatherBlobs();
      if (missing.length === 0) return picture;
      if (attempt === mostPictures || missing.every((id) => missingBefore.has(id))) {
        throw new HoldfastError(
          "CORRUPT",
          `The bytes of ${missing.length} files are missing or damaged: ${missing.slice(0, 5).join(", ")}. Run \`holdfast verify\`, or export without files.`,
          { details: { files: missing } },
        );
      }
      missingBefore = new Set(missing);
    }
  }

  /** @returns the ids of bytes that are not there, or not what their document says. */
  async #gatherBlobs(): Promise<string[]> {
    const { layout } = this.#source;
    const named = new Map([...this.#named.values()].map((blob) => [blob.id, blob]));
    for (const id of [...this.#blobs.keys()]) if (!named.has(id)) this.#blobs.delete(id);
    const missing: string[] = [];
    for (const { id, size, sha256 } of named.values()) {
      if (this.#blobs.has(id)) continue;
      try {
        const blob = await this.#spool.appendFile(join(layout.root, blobName(id)));
        if (blob.length === size && (sha256 === undefined || blob.sha256 === sha256)) this.#blobs.set(id, blob);
        else missing.push(id);
      } catch (error) {
        if (!isAbsent(error)) throw error;
        missing.push(id);
      }
    }
    return missing;
  }

  async #writeDocuments(picture: Picture): Promise<Pick<ExportReport, "documents" | "expired">> {
    const documents: Record<string, number> = {};
    const total = this.#lines.size;
    let expired = 0;
    let done = 0;
    for (const { name, versions } of picture.collections) {
      documents[name] = 0;
      for (const { id, expiresAtMs } of versions) {
        const stretch = this.#lines.get(keyOf(name, id));
        if (stretch === undefined) throw new TypeError(`${name}/${id} is in the picture, and was not gathered.`);
        done += 1;
        if (expiresAtMs <= picture.expiryClock) {
          expired += 1;
          continue;
        }
        documents[name] += 1;
        await this.#line(await this.#spool.read(stretch));
        this.#options.onProgress?.({ stage: "writing", done, total });
      }
    }
    return { documents, expired };
  }

  async #writeBlob(id: string, { offset, length, sha256 }: SpooledBlob): Promise<void> {
    for (let from = 0; from === 0 || from < length; from += blobPartBytes) {
      const part = { offset: offset + from, length: Math.min(blobPartBytes, length - from) };
      const data = (await this.#spool.read(part)).toString("base64");
      const end = from + part.length === length ? { end: { size: length, sha256 } } : {};
      await this.#line(`${JSON.stringify({ blob: id, offset: from, data, ...end })}\n`);
    }
  }

  async #line(line: string | Uint8Array): Promise<void> {
    const bytes = typeof line === "string" ? Buffer.from(line) : line;
    this.#hash.update(bytes);
    this.#lineCount += 1;
    this.#bytes += bytes.length;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= batchBytes) await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#waitingBytes === 0) return;
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    await this.#options.output.write(bytes);
  }
}

/** What the reader could not read when it opened would be missing without a word. */
function damageOf({ store }: OpenedReader): BackupDamage[] {
  const { damage, lostSequences } = store.recovery;
  return [
    ...damage.filter(({ repaired }) => !repaired).map(({ file, detail }) => ({ file, detail })),
    ...lostSequences.map(({ first, last }) => ({ file: "journal", detail: `commits ${first} to ${last} are lost` })),
  ];
}

/** Names of collections hold no slash. */
function keyOf(collection: string, id: string): string {
  return `${collection}/${id}`;
}
