import { Block } from "./block.js";
import type { ClockCache, CachedPiece } from "./clock-cache.js";
import { readPieceNow, type ReadableFile } from "./checked-file.js";
import type { TableExtent } from "./index-directory.js";
import { TableRoot } from "./table-root.js";

/** A sorted table of a pack's index. Of its bytes, only what is used is read, and only what the cache has room for kept. */
export class Table {
  readonly file: ReadableFile;
  readonly extent: TableExtent;
  readonly payloadBytes: number;
  readonly #cache: ClockCache;
  readonly #rootSlot: (CachedPiece | undefined)[] = [];
  readonly #slots: (CachedPiece | undefined)[] = [];

  constructor(file: ReadableFile, cache: ClockCache, extent: TableExtent, payloadBytes: number) {
    this.file = file;
    this.#cache = cache;
    this.extent = extent;
    this.payloadBytes = payloadBytes;
  }

  /** How many entries it has. */
  get entries(): number {
    return this.extent.entries;
  }

  /** @throws HoldfastError `CORRUPT`, `STORAGE_FAILED` */
  root(): TableRoot {
    const kept = this.#rootSlot[0] as TableRoot | undefined;
    if (kept !== undefined) {
      kept.recent = true;
      return kept;
    }
    const { offset, blockBytes, rootBytes } = this.extent;
    const root = new TableRoot(this.#rootSlot, readPieceNow(this.file, offset + blockBytes, rootBytes));
    this.#cache.keep(root);
    return root;
  }

  /** @throws HoldfastError `CORRUPT`, `STORAGE_FAILED` */
  block(number: number): Block {
    const kept = this.#slots[number] as Block | undefined;
    if (kept !== undefined) {
      kept.recent = true;
      return kept;
    }
    const root = this.root();
    const start = root.start(number);
    const bytes = readPieceNow(this.file, this.extent.offset + start, root.end(number) - start);
    const block = new Block(this.#slots, number, root.firstEntry(number), bytes, this.payloadBytes);
    this.#cache.keep(block);
    return block;
  }

  /** Gives back the memory of a table that is not used any more. */
  forget(): void {
    this.#cache.drop(this.#rootSlot);
    this.#cache.drop(this.#slots);
  }
}
