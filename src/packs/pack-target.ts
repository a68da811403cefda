import type { IndexValue } from "../collections/index.js";
import type { FileSystem } from "../files/file-system.js";
import type { PackColumns } from "./pack-columns.js";

/** One document, or one deletion, on its way into a pack. */
export interface PackEntry {
  readonly id: string;
  /** The commit that wrote this version. */
  readonly sequence: number;
  readonly createdSequence: number;
  readonly createdIndex: number;
  /** When it expires, in milliseconds since 1970; `Infinity`: never. */
  readonly expiresAtMs: number;
  readonly schemaVersion: number;
  /** Whether this is a tombstone: its line's envelope has `"deleted":true`, and it is found by id alone. */
  readonly deleted: boolean;
  /** The values of the indexes in their order, then that of the declared order if there is one. */
  readonly keys: readonly (IndexValue | undefined)[];
  /** The whole line, as `encodeDocument` wrote it. */
  readonly line: Buffer;
}

/** Where a pack is to be written, and what it is of. */
export interface PackTarget {
  readonly fileSystem: FileSystem;
  /** The folder of the collection's packs, which exists. */
  readonly directory: string;
  readonly storeId: string;
  readonly collection: string;
  /** The first and the last commit that the pack covers. */
  readonly lo: number;
  readonly hi: number;
  readonly columns: PackColumns;
  /**
   * Called after each short stretch of work, with how many bytes were written in it. May wait, and may throw to stop the
   * work.
   */
  readonly pace: (written: number) => Promise<void> | void;
}
