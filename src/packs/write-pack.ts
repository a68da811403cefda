import { join } from "node:path";
import { HoldfastError } from "../errors.js";
import { ColumnSorter } from "./column-sorter.js";
import { storableExpiry } from "./id-payload.js";
import type { IndexDirectory } from "./index-directory.js";
import { IndexWriter } from "./index-writer.js";
import { KeyBytes } from "./key-bytes.js";
import { discardAll, NewFile } from "./output.js";
import { Pacer } from "./pacer.js";
import { packFileNames } from "./pack-name.js";
import { summaryOf, type PackSummary } from "./pack-summary.js";
import type { PackEntry, PackTarget } from "./pack-target.js";
import { RunStore } from "./run-store.js";

const lineFeed = 0x0a;

/**
 * Writes a pack: its lines, and its index. Both files are whole and synced before they get their names; the names are
 * durable once the caller has synced the folder. Nothing refers to them before a checkpoint lists them, so a crash
 * leaves at most files that recovery sweeps.
 *
 * @param entries by ascending id, each id once; several at a time where one has to wait for them.
 * @throws HoldfastError `INVALID_DOCUMENT` for ids out of order, or a line that is not exactly one line; whatever the
 * entries or `pace` throw; the system's own errors. Nothing is left then.
 */
export async function writePack(
  target: PackTarget,
  entries: Iterable<PackEntry> | AsyncIterable<readonly PackEntry[]>,
): Promise<PackSummary> {
  return await writeBothFiles(target, async (pack, indexFile) => {
    const index = new IndexWriter(indexFile, target);
    const pacer = new Pacer(target.pace, pack, indexFile);
    const store = new RunStore(target);
    try {
      const columns = new ColumnSorter(target.columns, store);
      const writer = new EntryWriter(pack, index, columns);
      const add = async (some: Iterable<PackEntry>): Promise<void> => {
        for (const entry of some) {
          writer.add(entry);
          if (!pack.isFull && !columns.isFull && !pacer.due()) continue;
          if (pack.isFull) await pack.flush();
          if (indexFile.isFull) await indexFile.flush();
          if (columns.isFull) await columns.endRuns(pacer);
          await pacer.pause();
        }
      };
      if (Symbol.iterator in entries) await add(entries);
      else for await (const some of entries) await add(some);
      index.endIds();
      const tables = await columns.drainInto(indexFile, pacer);
      return index.end(tables, pack, writer.largestSchemaVersion);
    } finally {
      await store.discard();
    }
  });
}

/** Takes entries, one after the other, into the lines and the index. */
class EntryWriter {
  largestSchemaVersion = 0;
  readonly #pack: NewFile;
  readonly #index: IndexWriter;
  readonly #columns: ColumnSorter;
  readonly #key = new KeyBytes();
  #lastId: string | undefined;

  constructor(pack: NewFile, index: IndexWriter, columns: ColumnSorter) {
    this.#pack = pack;
    this.#index = index;
    this.#columns = columns;
  }

  add(entry: PackEntry): void {
    const { id, line, sequence, deleted, schemaVersion } = entry;
    if (this.#lastId !== undefined && id <= this.#lastId) throw refused(this.#pack.path, id, "is out of order");
    if (line.indexOf(lineFeed) !== line.length - 1 || line.length === 0)
      throw refused(this.#pack.path, id, "is not one line");
    this.#lastId = id;
    const expiresAtMs = storableExpiry(entry.expiresAtMs);
    const key = this.#key.clear().appendText(id);
    const place = { offset: this.#pack.position, length: line.length, sequence, expiresAtMs, deleted };
    const ordinal = this.#index.addId(key.bytes, key.length, place);
    this.#pack.append(line, 0, line.length);
    if (deleted) return;
    if (schemaVersion > this.largestSchemaVersion) this.largestSchemaVersion = schemaVersion;
    this.#columns.add(ordinal, entry, expiresAtMs);
  }
}

/**
 * Creates both files of a pack, lets them be written, and gives them their names once both are whole.
 *
 * @returns what the checkpoint records. @throws whatever fails; nothing is left then.
 */
export async function writeBothFiles(
  target: PackTarget,
  write: (pack: NewFile, index: NewFile) => Promise<IndexDirectory>,
): Promise<PackSummary> {
  const names = packFileNames(target.lo, target.hi);
  let pack: NewFile | undefined;
  let index: NewFile | undefined;
  try {
    pack = await NewFile.create(target.fileSystem, join(target.directory, names.pack));
    index = await NewFile.create(target.fileSystem, join(target.directory, names.index));
    const directory = await write(pack, index);
    await pack.complete();
    await index.complete();
    await pack.publish();
    await index.publish();
    return summaryOf(directory, index.position);
  } catch (error) {
    await discardAll([pack, index], error);
    throw error;
  }
}

function refused(path: string, id: string, what: string): HoldfastError {
  return new HoldfastError("INVALID_DOCUMENT", `The entry ${JSON.stringify(id)} for ${path} ${what}.`, {
    details: { path, id },
  });
}
