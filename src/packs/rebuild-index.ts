import { join } from "node:path";
import { decodeLine, type EncodedDocument } from "../documents/envelope.js";
import { HoldfastError, isHoldfastError } from "../errors.js";
import type { ReadableFile } from "./checked-file.js";
import { ColumnSorter } from "./column-sorter.js";
import { storableExpiry } from "./id-payload.js";
import type { IndexDirectory } from "./index-directory.js";
import { IndexWriter, type IndexSubject } from "./index-writer.js";
import { KeyBytes } from "./key-bytes.js";
import { LineScan } from "./line-scan.js";
import { MemoryFile } from "./memory-file.js";
import { discardAll, NewFile, type Output } from "./output.js";
import { Pack, type OpenPackOptions } from "./pack.js";
import { Pacer } from "./pacer.js";
import type { PackColumns } from "./pack-columns.js";
import { packFileNames } from "./pack-name.js";
import { summaryOf, type PackSummary } from "./pack-summary.js";
import type { PackEntry, PackTarget } from "./pack-target.js";
import { RunStore } from "./run-store.js";

/** Takes from a document the values of the indexes, and behind them that of the declared order if there is one. */
export type KeysOf = (document: EncodedDocument) => PackEntry["keys"];

/**
 * Writes the index of a pack anew, from its lines: because other columns are wanted, or because it is damaged. The new
 * one takes the place of the old one, if there is one, whole and durably.
 *
 * The lines can not say whether some are missing at their end: compare what is returned with what the checkpoint has.
 *
 * @throws HoldfastError `CORRUPT` for a line that is damaged or out of place, with its offset; `STORAGE_FAILED` if the
 * lines can not be read; whatever `keysOf` or `pace` throw; the system's own errors. The old index is still there then.
 */
export async function rebuildIndex(target: PackTarget, keysOf: KeysOf): Promise<PackSummary> {
  const { fileSystem, directory } = target;
  const names = packFileNames(target.lo, target.hi);
  const lines = await fileSystem.open(join(directory, names.pack), "read");
  try {
    const index = await NewFile.create(fileSystem, join(directory, names.index));
    try {
      const written = await indexLines(
        lines,
        index,
        target,
        keysOf,
        new RunStore(target),
        new Pacer(target.pace, index),
      );
      await index.complete();
      await index.publish();
      await fileSystem.syncDirectory(directory);
      return summaryOf(written, index.position);
    } catch (error) {
      await discardAll([index], error);
      throw error;
    }
  } finally {
    await lines.close();
  }
}

export interface OpenRebuiltOptions extends OpenPackOptions {
  /** The store that the pack is taken to be of. */
  readonly columns: PackColumns;
  readonly keysOf: KeysOf;
  /** See {@link PackTarget}. Default: other work gets its turn after each stretch. */
  readonly pace?: PackTarget["pace"];
}

/**
 * Opens a pack with an index that is made anew from its lines and kept in memory, for those who may write nothing. Of its
 * own index not a byte is read.
 *
 * @throws HoldfastError `CORRUPT` for a line that is damaged or out of place, with its offset; `STORAGE_FAILED`; whatever
 * `keysOf` or `pace` throw; the system's own error if the lines can not be opened.
 */
export async function openRebuilt(options: OpenRebuiltOptions): Promise<Pack> {
  const { storeId = "", collection, lo, hi, columns, keysOf, cache } = options;
  const names = packFileNames(lo, hi);
  const lines = await options.fileSystem.open(join(options.directory, names.pack), "read");
  try {
    const index = new MemoryFile(join(options.directory, names.index));
    const pacer = new Pacer(options.pace ?? nextTurn, index);
    const subject = { storeId, collection, lo, hi, columns };
    const directory = await indexLines(lines, index, subject, keysOf, new RunStore(), pacer);
    return new Pack(directory, lines, index, index.position, cache);
  } catch (error) {
    await lines.close();
    throw error;
  }
}

async function indexLines(
  lines: ReadableFile,
  output: Output,
  subject: IndexSubject,
  keysOf: KeysOf,
  store: RunStore,
  pacer: Pacer,
): Promise<IndexDirectory> {
  try {
    const size = await lines.size();
    const scan = new LineScan(lines, size);
    const index = new IndexWriter(output, subject);
    const columns = new ColumnSorter(subject.columns, store);
    const indexer = new LineIndexer(lines.path, subject.collection, index, columns, keysOf);
    while (scan.step() || (await scan.load())) {
      indexer.add(scan.line, scan.offset);
      if (columns.isFull) await columns.endRuns(pacer);
      if (output.isFull) await output.flush();
      if (pacer.due()) await pacer.pause();
    }
    index.endIds();
    const tables = await columns.drainInto(output, pacer);
    return index.end(tables, { position: size, checksum: scan.checksum }, indexer.largestSchemaVersion);
  } finally {
    await store.discard();
  }
}

/** Takes lines, one after the other, into an index. */
class LineIndexer {
  largestSchemaVersion = 0;
  readonly #path: string;
  readonly #collection: string;
  readonly #index: IndexWriter;
  readonly #columns: ColumnSorter;
  readonly #keysOf: KeysOf;
  readonly #key = new KeyBytes();
  #lastId: string | undefined;

  constructor(path: string, collection: string, index: IndexWriter, columns: ColumnSorter, keysOf: KeysOf) {
    this.#path = path;
    this.#collection = collection;
    this.#index = index;
    this.#columns = columns;
    this.#keysOf = keysOf;
  }

  add(line: Buffer, offset: number): void {
    const document = this.#decode(line, offset);
    const { kind, id, sequence, createdSequence, createdIndex, schemaVersion, expiresAt } = document.envelope;
    if (kind !== this.#collection) throw this.#damaged(offset, id, "is of another collection");
    if (this.#lastId !== undefined && id <= this.#lastId) throw this.#damaged(offset, id, "is out of order");
    this.#lastId = id;
    const deleted = document.envelope.deleted === true;
    const expiresAtMs = storableExpiry(expiresAt === undefined ? Infinity : Date.parse(expiresAt));
    const key = this.#key.clear().appendText(id);
    const place = { offset, length: line.length, sequence, expiresAtMs, deleted };
    const ordinal = this.#index.addId(key.bytes, key.length, place);
    if (deleted) return;
    if (schemaVersion > this.largestSchemaVersion) this.largestSchemaVersion = schemaVersion;
    this.#columns.add(ordinal, { id, createdSequence, createdIndex, keys: this.#keysOf(document) }, expiresAtMs);
  }

  #decode(line: Buffer, offset: number): EncodedDocument {
    try {
      return decodeLine(line, this.#path);
    } catch (error) {
      throw isHoldfastError(error, "CORRUPT") ? this.#damaged(offset, undefined, "is damaged", error) : error;
    }
  }

  #damaged(offset: number, id: string | undefined, what: string, cause?: unknown): HoldfastError {
    const named = id === undefined ? "" : ` (${JSON.stringify(id)})`;
    return new HoldfastError("CORRUPT", `The line at byte ${offset} of ${this.#path}${named} ${what}.`, {
      cause,
      details: { path: this.#path, offset, id },
    });
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
