import { join } from "node:path";
import type { IndexValue } from "../collections/index.js";
import { decodeLine, type EncodedDocument } from "../documents/envelope.js";
import { HoldfastError, isHoldfastError } from "../errors.js";
import type { FileSystem } from "../files/file-system.js";
import { isAbsent } from "../files/node-file-system.js";
import type { Block } from "./block.js";
import type { ClockCache } from "./clock-cache.js";
import { isKnownDamaged, readFully, readFullyNow, type ReadableFile } from "./checked-file.js";
import { readDirectory, type IndexDirectory } from "./index-directory.js";
import { KeyBytes, readText } from "./key-bytes.js";
import { MemoryFile } from "./memory-file.js";
import type { PackColumns } from "./pack-columns.js";
import { packFileNames } from "./pack-name.js";
import { summaryOf, type PackSummary } from "./pack-summary.js";
import { idAt, PackedPlace } from "./packed-place.js";
import { PackTables } from "./pack-tables.js";
import { soughtId } from "./sought-id.js";
import { TableCursor } from "./table-cursor.js";
import { TableScan } from "./table-scan.js";
import { WalkedEntry } from "./walked-entry.js";
import { Window } from "./window.js";

export interface OpenPackOptions {
  readonly fileSystem: FileSystem;
  /** The folder of the collection's packs. */
  readonly directory: string;
  /** The store that the pack must be of; `undefined`: of any. */
  readonly storeId: string | undefined;
  readonly collection: string;
  readonly lo: number;
  readonly hi: number;
  readonly cache: ClockCache;
  /** Open it also if its lines are missing, or not as long as the index says: what can not be read of them is `CORRUPT`. */
  readonly acceptAnyLines?: boolean;
}

export interface WalkOptions {
  readonly direction: "asc" | "desc";
  /** For the table of an index, which documents: those with this value. */
  readonly value?: IndexValue;
  /** Continue behind this order key, in the direction; the key itself is left out, and need not be in the pack. */
  readonly after?: string;
}

/** Room for the lines that are read at once; a larger one gets its own. */
const lineRoom = Buffer.allocUnsafeSlow(64 * 1024);
const windowBytes = 256 * 1024;

/**
 * An immutable pack of documents. Opening it reads only the end of its index; what else it needs of the index it reads
 * as it goes, in small checked pieces that a cache shared by all packs keeps.
 *
 * Everything that reads may throw `CORRUPT` if the bytes are not what was written, `STORAGE_FAILED` if the system can
 * not read them, and `CLOSED` after the pack was closed. Never is damage taken for absence.
 */
export class Pack {
  readonly summary: PackSummary;
  readonly columns: PackColumns;
  /** The file of the lines. */
  readonly path: string;
  /** @internal */
  readonly lines: ReadableFile;
  /** @internal */
  readonly index: ReadableFile;
  /** @internal */
  readonly tables: PackTables;
  /** @internal */
  readonly collection: string;
  /** Lines that were found damaged, by their offset. */
  readonly damagedLines = new Map<number, PackedPlace>();
  readonly #cursor: TableCursor;
  readonly #key = new KeyBytes();
  #users = 0;
  #isClosed = false;
  /** Settled once the files are closed; there from when the pack is retired. */
  #retirement: Retirement | undefined;

  /** @internal */
  constructor(
    directory: IndexDirectory,
    lines: ReadableFile,
    index: ReadableFile,
    indexBytes: number,
    cache: ClockCache,
  ) {
    this.summary = summaryOf(directory, indexBytes);
    this.columns = directory.columns;
    this.collection = directory.collection;
    this.path = lines.path;
    this.lines = lines;
    this.index = index;
    this.tables = new PackTables(index, cache, directory);
    this.#cursor = new TableCursor(this.tables.ids);
  }

  /**
   * Opens a pack.
   *
   * @throws HoldfastError `CORRUPT` if the index is damaged or of another store, collection or name, or if the lines are
   * not as long as it says; `UNSUPPORTED_FORMAT` if a newer version wrote it. The system's own error, such as `ENOENT`,
   * if a file can not be opened.
   */
  static async open(options: OpenPackOptions): Promise<Pack> {
    const names = packFileNames(options.lo, options.hi);
    const index = await options.fileSystem.open(join(options.directory, names.index), "read");
    let lines: ReadableFile | undefined;
    try {
      const indexBytes = await index.size();
      const directory = await readDirectory(index, indexBytes);
      checkIdentity(directory, options, index.path);
      const path = join(options.directory, names.pack);
      lines = await openLines(options, path);
      if (options.acceptAnyLines !== true) await checkLength(lines, directory.packBytes);
      return new Pack(directory, lines, index, indexBytes, options.cache);
    } catch (error) {
      await lines?.close();
      await index.close();
      throw error;
    }
  }

  /** Whether a piece of its index was found damaged. The lines, as far as they are whole, can make it anew. */
  get hasDamagedIndex(): boolean {
    return isKnownDamaged(this.index);
  }

  /** @returns what the pack has under an id, be it a tombstone; `undefined` if it has nothing. */
  find(id: string): PackedPlace | undefined {
    this.#assertOpen();
    const { bytes, length, hash } = soughtId.be(id);
    if (!this.tables.filter.mayHold(hash)) return undefined;
    const cursor = this.#cursor;
    return cursor.find(bytes, length) ? new PackedPlace(cursor.block as Block, cursor.index, id) : undefined;
  }

  /** @param ordinal from 0, below the number of documents and tombstones. */
  at(ordinal: number): PackedPlace {
    this.#assertOpen();
    const cursor = this.#cursor;
    cursor.goTo(ordinal);
    const block = cursor.block;
    if (block === undefined || ordinal < 0) throw new RangeError(`${this.path} has no document ${ordinal}.`);
    return new PackedPlace(block, cursor.index, idAt(block, cursor.index));
  }

  /**
   * Walks documents in an order: of creation, of the declared order, or, of those that have a value for the index of
   * this number, in the one of the two that listings are in. Tombstones are in none.
   */
  *walk(table: "created" | "order" | number, options: WalkOptions): Generator<WalkedEntry> {
    this.#assertOpen();
    const { direction, value, after } = options;
    if ((typeof table === "number") !== (value !== undefined)) {
      throw new Error("The table of an index is walked with a value, every other one without.");
    }
    const key = new KeyBytes();
    if (value !== undefined) key.appendValue(value);
    const prefix = Buffer.from(key.bytes.subarray(0, key.length));
    const cursor = new TableCursor(this.tables.named(table));
    if (after !== undefined) {
      key.appendBinary(after);
      const isThere = cursor.find(key.bytes, key.length);
      if (direction === "desc") cursor.previous();
      else if (isThere) cursor.next();
    } else if (direction === "asc") {
      cursor.seek(key.bytes, key.length);
    } else {
      seekBehind(cursor, prefix);
      cursor.previous();
    }
    for (;;) {
      const { block, index } = cursor;
      if (!block?.startsWith(index, prefix, prefix.length)) return;
      yield new WalkedEntry(block, index, prefix.length);
      this.#assertOpen();
      if (direction === "asc") cursor.next();
      else cursor.previous();
    }
  }

  /** Whether the document at an order key has this value for the index of this number. */
  holds(index: number, value: IndexValue, orderKey: string): boolean {
    this.#assertOpen();
    const key = this.#key.clear().appendValue(value).appendBinary(orderKey);
    return new TableCursor(this.tables.named(index)).find(key.bytes, key.length);
  }

  /** Documents that expire, the next one first. */
  *expiring(): Generator<{ readonly expiresAtMs: number; readonly ordinal: number }> {
    this.#assertOpen();
    const cursor = new TableCursor(this.tables.expires);
    const key = Buffer.alloc(10);
    cursor.goTo(0);
    while (cursor.block !== undefined) {
      cursor.block.copyKey(cursor.index, key);
      yield { expiresAtMs: key.readUIntBE(0, 6), ordinal: key.readUInt32BE(6) };
      this.#assertOpen();
      cursor.next();
    }
  }

  /** Reads a document, or a tombstone, without leaving the thread: from the system's memory mostly. */
  readNow(place: PackedPlace): EncodedDocument {
    this.#assertOpen();
    const room = place.length <= lineRoom.length ? lineRoom : Buffer.allocUnsafeSlow(place.length);
    readFullyNow(this.lines, room, place.length, place.offset);
    return this.decode(place, room.subarray(0, place.length));
  }

  /** {@link readNow} without holding up the thread. */
  async read(place: PackedPlace): Promise<EncodedDocument> {
    this.retain();
    try {
      const line = Buffer.allocUnsafeSlow(place.length);
      await readFully(this.lines, line, place.length, place.offset);
      return this.decode(place, line);
    } finally {
      this.release();
    }
  }

  /** A line as it stands in the file, whatever it says. */
  async bytesOf({ offset, length }: PackedPlace): Promise<Buffer> {
    this.retain();
    try {
      const line = Buffer.allocUnsafeSlow(length);
      await readFully(this.lines, line, length, offset);
      return line;
    } finally {
      this.release();
    }
  }

  /**
   * Whether a line can be read and is the right one.
   *
   * @throws HoldfastError `STORAGE_FAILED`: an outage is no damage.
   */
  async canRead(place: PackedPlace): Promise<boolean> {
    try {
      await this.read(place);
      return true;
    } catch (error) {
      if (isHoldfastError(error, "CORRUPT")) return false;
      throw error;
    }
  }

  /**
   * The whole pack by ascending id, with large reads one after the other. The lines are as they stand in the file: it is
   * up to the caller to decode, and thereby to check them.
   */
  async *documents(
    options: { readonly pace?: () => Promise<void> | void } = {},
  ): AsyncGenerator<{ readonly place: PackedPlace; readonly line: Buffer }> {
    this.retain();
    try {
      const ids = new TableScan(this.tables.ids);
      const window = new Window(this.lines, windowBytes, "stay");
      while (ids.step() || (await ids.load())) {
        const place = new PackedPlace(ids.block as Block, ids.index, readText(ids.key, 0, ids.keyLength));
        if (!window.has(place.offset, place.length)) {
          await options.pace?.();
          await window.move(place.offset, place.length, this.summary.packBytes);
        }
        yield { place, line: window.part(place.offset, place.length) };
      }
    } finally {
      this.release();
    }
  }

  /**
   * @internal Decodes a line and checks that it is the one that the index means.
   * @throws HoldfastError `CORRUPT`
   */
  decode(place: PackedPlace, line: Buffer): EncodedDocument {
    let document: EncodedDocument;
    try {
      document = decodeLine(line, this.path);
    } catch (error) {
      throw isHoldfastError(error, "CORRUPT") ? this.damaged(place, "is damaged", error) : error;
    }
    const { kind, id, sequence, deleted } = document.envelope;
    if (
      id !== place.id ||
      kind !== this.collection ||
      sequence !== place.sequence ||
      (deleted === true) !== place.deleted
    )
      throw this.damaged(place, "is another one than the index says");
    return document;
  }

  /** @internal */
  damaged(place: PackedPlace, what: string, cause?: unknown): HoldfastError {
    const { id, offset } = place;
    this.damagedLines.set(offset, place);
    const message = `The line of ${JSON.stringify(id)} in ${this.path}, at byte ${offset}, ${what}.`;
    return new HoldfastError("CORRUPT", message, { cause, details: { path: this.path, offset, id } });
  }

  /** Keeps the files open until {@link release}, even if the pack is retired meanwhile. @throws HoldfastError `CLOSED` */
  retain(): void {
    this.#assertOpen();
    this.#users += 1;
  }

  release(): void {
    this.#users -= 1;
    this.#closeIfUnused();
  }

  /**
   * Closes the pack once nobody retains it any more. Its files may be removed before that.
   *
   * @returns once they are closed: who retains the pack must not wait for it.
   */
  async retire(): Promise<void> {
    this.#retirement ??= new Retirement();
    this.#closeIfUnused();
    await this.#retirement.closed;
  }

  #closeIfUnused(): void {
    if (this.#retirement === undefined || this.#users > 0 || this.#isClosed) return;
    this.#isClosed = true;
    this.tables.forget();
    this.#closeFiles().then(this.#retirement.resolve, this.#retirement.reject);
  }

  async #closeFiles(): Promise<void> {
    try {
      await this.lines.close();
    } finally {
      await this.index.close();
    }
  }

  #assertOpen(): void {
    if (this.#isClosed)
      throw new HoldfastError("CLOSED", `${this.path} has been closed.`, { details: { path: this.path } });
  }
}

/** The closing of a pack, which those who asked for it wait for. */
class Retirement {
  readonly closed: Promise<void>;
  resolve: () => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;

  constructor() {
    this.closed = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/** @throws HoldfastError `CORRUPT` if lines are not as long as their index says. */
async function checkLength(lines: ReadableFile, packBytes: number): Promise<void> {
  const size = await lines.size();
  if (size === packBytes) return;
  throw new HoldfastError("CORRUPT", `${lines.path} has ${size} bytes; its index says ${packBytes}.`, {
    details: { path: lines.path, size, expected: packBytes },
  });
}

async function openLines({ fileSystem, acceptAnyLines }: OpenPackOptions, path: string): Promise<ReadableFile> {
  try {
    return await fileSystem.open(path, "read");
  } catch (error) {
    if (acceptAnyLines === true && isAbsent(error)) return new MemoryFile(path);
    throw error;
  }
}

function checkIdentity(directory: IndexDirectory, options: OpenPackOptions, path: string): void {
  for (const name of ["storeId", "collection", "lo", "hi"] as const) {
    const expected = options[name];
    if (expected === undefined || directory[name] === expected) continue;
    throw new HoldfastError("CORRUPT", `${path} says ${name} ${directory[name]} instead of ${expected}.`, {
      details: { path, member: name, found: directory[name], expected },
    });
  }
}

/** Goes to the first entry behind all that begin with these bytes. */
function seekBehind(cursor: TableCursor, prefix: Buffer): void {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1;
  // A value begins with its type, which is less than 0xff: only an empty prefix has nothing to count up.
  if (length === 0) return;
  const behind = Buffer.from(prefix.subarray(0, length));
  behind[length - 1] = (behind[length - 1] as number) + 1;
  cursor.seek(behind, length);
}
