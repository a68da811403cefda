import type { ClockCache } from "./clock-cache.js";
import type { ReadableFile } from "./checked-file.js";
import { IdFilter } from "./id-filter.js";
import { idPayloadBytes } from "./id-payload.js";
import type { IndexDirectory } from "./index-directory.js";
import { Table } from "./table.js";

/** How long an ordinal is, which is all that most tables have besides their keys. */
const ordinalBytes = 4;

/** All tables of an index. */
export class PackTables {
  readonly ids: Table;
  readonly filter: IdFilter;
  readonly created: Table;
  /** Its keys end in the ordinal, so that documents that expire at one moment have different ones. */
  readonly expires: Table;
  readonly order: Table | undefined;
  readonly indexes: readonly Table[];

  constructor(file: ReadableFile, cache: ClockCache, directory: IndexDirectory) {
    this.ids = new Table(file, cache, directory.ids, idPayloadBytes);
    this.filter = new IdFilter(file, cache, directory.filter);
    this.created = new Table(file, cache, directory.created, ordinalBytes);
    this.expires = new Table(file, cache, directory.expires, 0);
    this.order = directory.order === undefined ? undefined : new Table(file, cache, directory.order, ordinalBytes);
    this.indexes = directory.indexes.map((extent) => new Table(file, cache, extent, ordinalBytes));
  }

  /** What listings without a condition go by. @throws Error if there is no such table. */
  named(name: "created" | "order" | number): Table {
    const table = name === "created" ? this.created : name === "order" ? this.order : this.indexes[name];
    if (table === undefined) throw new Error(`The pack has no table ${JSON.stringify(name)}.`);
    return table;
  }

  /** Gives back all memory. */
  forget(): void {
    this.filter.forget();
    for (const table of [this.ids, this.created, this.expires, this.order, ...this.indexes]) table?.forget();
  }
}
