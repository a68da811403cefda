import { checkLine } from "../documents/envelope.js";
import { isHoldfastError, type HoldfastError } from "../errors.js";
import type { Block } from "./block.js";
import { ColumnSource, dropped } from "./column-source.js";
import { compareBytes } from "./compare-bytes.js";
import type { TableExtent } from "./index-directory.js";
import { IndexWriter, type OtherTables } from "./index-writer.js";
import { KeyBytes, readText } from "./key-bytes.js";
import { lostLine } from "./lost-line.js";
import type { NewFile } from "./output.js";
import type { Pack } from "./pack.js";
import { PackedPlace } from "./packed-place.js";
import { Pacer } from "./pacer.js";
import { sameColumns } from "./pack-columns.js";
import type { PackSummary } from "./pack-summary.js";
import type { PackTables } from "./pack-tables.js";
import type { PackTarget } from "./pack-target.js";
import { retainAll } from "./retain-all.js";
import { drain, SourceHeap } from "./source-heap.js";
import { TableScan } from "./table-scan.js";
import type { Table } from "./table.js";
import { TableWriter } from "./table-writer.js";
import { Window } from "./window.js";
import { writeBothFiles } from "./write-pack.js";

const windowBytes = 256 * 1024;

export interface MergeOptions {
  /** Leave out tombstones: right if nothing older than these packs can hold a document that they are to hide. */
  readonly dropTombstones: boolean;
  /**
   * Go on without lines that can not be read: in their places are tombstones, unless those are left out. Without this, a
   * damaged line ends the merge.
   */
  readonly salvage?: {
    /** When that is, ISO 8601. */
    readonly now: string;
    /** Gets each of these lines, whose bytes are then in none of the packs but the old one. */
    readonly onLost: (pack: Pack, place: PackedPlace) => void;
  };
}

/**
 * Writes a pack of what several packs hold together: of each id the newest version, or its tombstone. Lines are copied
 * as they are, after their checksum was checked; the tables are merged as the sorted streams that they are. So no body is
 * parsed, and the memory is four bytes a document and a little.
 *
 * The crash argument is that of {@link writePack}.
 *
 * @param packs the oldest first, all with the columns of the target. They are retained meanwhile.
 * @throws HoldfastError `CORRUPT` if a line is damaged and not to be salvaged, or an index is: nothing is dropped silently;
 * `STORAGE_FAILED` if one can not be read; what `pace` throws; the system's own errors when writing. Nothing is left then.
 */
export async function mergePacks(
  target: PackTarget,
  packs: readonly Pack[],
  options: MergeOptions,
): Promise<PackSummary> {
  for (const pack of packs) {
    if (!sameColumns(pack.columns, target.columns)) throw new Error(`${pack.path} has other columns than are wanted.`);
    if (pack.summary.lo === target.lo && pack.summary.hi === target.hi)
      throw new Error(`${pack.path} can not be merged into a pack of its own name.`);
  }
  retainAll(packs);
  try {
    return await writeBothFiles(target, async (packFile, indexFile) => {
      const merge = new Merge(target, packs, options, packFile, indexFile);
      await merge.copyLines();
      const tables = await merge.mergeTables();
      const largestSchemaVersion = Math.max(0, ...packs.map(({ summary }) => summary.largestSchemaVersion));
      return merge.index.end(tables, packFile, largestSchemaVersion);
    });
  } finally {
    for (const pack of packs) pack.release();
  }
}

/** The documents of one of the packs, by id. */
class IdSource extends TableScan {
  readonly pack: Pack;
  readonly lines: Window;
  /** Where each of its documents is in the new pack. */
  readonly newOrdinals: Uint32Array;

  constructor(pack: Pack) {
    super(pack.tables.ids);
    this.pack = pack;
    this.lines = new Window(pack.lines, windowBytes, "pass");
    this.newOrdinals = new Uint32Array(pack.tables.ids.entries).fill(dropped);
  }

  get place(): PackedPlace {
    return new PackedPlace(this.block as Block, this.index, readText(this.key, 0, this.keyLength));
  }
}

class Merge {
  readonly index: IndexWriter;
  readonly #packs: readonly Pack[];
  readonly #packFile: NewFile;
  readonly #indexFile: NewFile;
  readonly #pacer: Pacer;
  readonly #columns: PackTarget["columns"];
  readonly #options: MergeOptions;
  readonly #sources: readonly IdSource[];

  constructor(
    target: PackTarget,
    packs: readonly Pack[],
    options: MergeOptions,
    packFile: NewFile,
    indexFile: NewFile,
  ) {
    this.#options = options;
    this.index = new IndexWriter(indexFile, target);
    this.#packs = packs;
    this.#packFile = packFile;
    this.#indexFile = indexFile;
    this.#pacer = new Pacer(target.pace, packFile, indexFile);
    this.#columns = target.columns;
    this.#sources = packs.map((pack) => new IdSource(pack));
  }

  /** Copies what stays, and with it writes the table of ids. */
  async copyLines(): Promise<void> {
    const { dropTombstones } = this.#options;
    // Of equal ids the heap hands out first what was given first: the newest.
    const heap = await SourceHeap.of(this.#sources.toReversed());
    const previous = new KeyBytes();
    let isFirst = true;
    for (let top = heap.top; top !== undefined; top = heap.top) {
      const { key, keyLength } = top;
      if (isFirst || compareBytes(previous.bytes, 0, previous.length, key, 0, keyLength) !== 0) {
        isFirst = false;
        previous.clear().appendBytes(key, 0, keyLength);
        const place = top.place;
        if (!place.deleted || !dropTombstones) {
          if (!top.lines.has(place.offset, place.length)) await this.#moveLines(top, place);
          this.#copy(top, place);
        }
      }
      if (!heap.step()) await heap.load();
      if (this.#pacer.due()) await this.#pacer.pause();
    }
    this.index.endIds();
  }

  async #moveLines(source: IdSource, { offset, length }: PackedPlace): Promise<void> {
    if (this.#packFile.isFull) await this.#packFile.flush();
    if (this.#indexFile.isFull) await this.#indexFile.flush();
    await this.#pacer.pause();
    await source.lines.move(offset, length, source.pack.summary.packBytes);
  }

  #copy(source: IdSource, place: PackedPlace): void {
    const line = source.lines.part(place.offset, place.length);
    try {
      checkLine(line, source.pack.path);
    } catch (error) {
      if (!isHoldfastError(error, "CORRUPT")) throw error;
      this.#leaveOut(source, place, source.pack.damaged(place, "is damaged", error));
      return;
    }
    const { length, sequence, expiresAtMs, deleted } = place;
    const payload = { offset: this.#packFile.position, length, sequence, expiresAtMs, deleted };
    this.#packFile.append(line, 0, line.length);
    source.newOrdinals[place.ordinal] = this.index.addId(source.key, source.keyLength, payload);
  }

  /** What its columns say of it is left out with it: its new ordinal stays unset, for a tombstone is among the ids only. */
  #leaveOut(source: IdSource, place: PackedPlace, damage: HoldfastError): void {
    const { salvage, dropTombstones } = this.#options;
    if (salvage === undefined) throw damage;
    salvage.onLost(source.pack, place);
    if (dropTombstones) return;
    const line = lostLine(source.pack.collection, place, salvage.now);
    const lost = {
      sequence: place.sequence,
      offset: this.#packFile.position,
      length: line.length,
      expiresAtMs: Infinity,
      deleted: true,
    };
    this.#packFile.append(line, 0, line.length);
    this.index.addId(source.key, source.keyLength, lost);
  }

  async mergeTables(): Promise<OtherTables> {
    const created = await this.#mergeTable((tables) => tables.created);
    const expires = await this.#mergeTable((tables) => tables.expires);
    const hasOrder = this.#columns.order !== null;
    const order = hasOrder ? await this.#mergeTable((tables) => tables.named("order")) : undefined;
    const indexes: TableExtent[] = [];
    for (const number of this.#columns.indexes.keys()) {
      indexes.push(await this.#mergeTable((tables) => tables.named(number)));
    }
    return { created, expires, ...(order === undefined ? {} : { order }), indexes };
  }

  async #mergeTable(tableOf: (tables: PackTables) => Table): Promise<TableExtent> {
    const sources = this.#packs.map((pack, number) => {
      return new ColumnSource(tableOf(pack.tables), (this.#sources[number] as IdSource).newOrdinals);
    });
    const writer = new TableWriter(this.#indexFile);
    const ordinal = Buffer.alloc(4);
    const emit = (source: ColumnSource): void => {
      ordinal.writeUInt32BE(source.ordinal);
      writer.add(source.key, source.keyLength, ordinal, 0, source.payloadBytes);
    };
    await drain(await SourceHeap.of(sources), emit, this.#indexFile, this.#pacer);
    return writer.end();
  }
}
