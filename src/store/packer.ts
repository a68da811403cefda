import { join } from "node:path";
import { setImmediate as giveWay } from "node:timers/promises";
import type { LooseDocuments } from "../documents/loose-documents.js";
import { isHoldfastError } from "../errors.js";
import type { StoredText } from "../files/encoded-text.js";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { makeDirectories } from "../files/make-directories.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import {
  entryOf,
  Pack,
  packFileNames,
  type ClockCache,
  type PackContent,
  type PackDocument,
  type PackEntry,
  type PackMaker,
} from "../packs/index.js";
import type { CollectionState } from "./collection-state.js";
import { storedKeys } from "./index-keys.js";
import { PackSet } from "./pack-set.js";
import type { StoreOptions } from "./options.js";
import { envelopeOf, type Version } from "./version.js";

export interface PackerParts {
  readonly fileSystem: FileSystem;
  readonly layout: Layout;
  readonly documents: LooseDocuments;
  readonly storeId: string;
  readonly cache: ClockCache;
  readonly maker: PackMaker;
  readonly options: Pick<StoreOptions, "packAtDocuments" | "looseLimit">;
}

/** A pack that is whole and synced, and that no checkpoint lists yet. */
export interface NewPack {
  readonly state: CollectionState;
  /** The packs of the collection, this one last. */
  readonly packs: PackSet;
  readonly pack: Pack;
  /** The versions it holds; in memory they give way to it. */
  readonly moved: readonly Version[];
}

interface Moved {
  readonly version: Version;
  readonly body: StoredText;
}

/** How long others wait at most while ids are looked for in the packs, and how many of them between two looks at the clock. */
const longestTurnMs = 4;
const looksPerTurn = 64;

/** Decides which documents leave the journal as a pack, and writes it. */
export class Packer {
  readonly #parts: PackerParts;

  constructor(parts: PackerParts) {
    this.#parts = parts;
  }

  /**
   * Whether what a checkpoint moves becomes a pack: if it is much, if there would be too many loose files, or if a
   * packed document was deleted, which only a newer pack can say.
   */
  isDue(state: CollectionState, versions: ReadonlyMap<string, Version>): boolean {
    const { packAtDocuments, looseLimit } = this.#parts.options;
    let loose = state.loose.size;
    let living = 0;
    for (const version of versions.values()) {
      if (version.deleted) {
        if (state.packs.has(version.id)) return true;
        if (state.loose.has(version.id)) loose -= 1;
      } else {
        living += 1;
        if (!state.loose.has(version.id)) loose += 1;
      }
    }
    return living >= packAtDocuments || loose > looseLimit;
  }

  /**
   * Writes the pack: what changed, tombstones of packed documents that were deleted, and all loose documents if they are
   * too many. Files and folder are synced when it resolves.
   */
  async write(
    state: CollectionState,
    versions: ReadonlyMap<string, Version>,
    hi: number,
    onProgress: () => void,
  ): Promise<NewPack> {
    const { fileSystem, layout, storeId, cache, maker } = this.#parts;
    const moved = await this.#select(state, versions);
    // The loose file that a deleted document had may have been removed by an owner who was killed before that was on the
    // disk, and nothing shows it. Once a merge has dropped the tombstone, a power loss would bring the document back with
    // it: so its absence is made durable before the tombstone is listed.
    for (const { version } of moved) if (version.deleted) this.#parts.documents.distrust(state.name, version.id);
    const directory = layout.packs(state.name);
    try {
      await makeDirectories(fileSystem, directory);
    } catch (error) {
      // What was made and could not be synced is there at the next attempt, and would count as durable.
      this.#parts.documents.distrustCollection(state.name);
      throw error;
    }
    const { packs } = state;
    const lo = (packs.packs.at(-1)?.summary.hi ?? 0) + 1;
    let documents = packs.documents;
    let turnEnds = performance.now() + longestTurnMs;
    for (const [index, { version }] of moved.entries()) {
      documents += (version.deleted ? 0 : 1) - (packs.has(version.id) ? 1 : 0);
      if (index % looksPerTurn === 0 && performance.now() > turnEnds) {
        await giveWay();
        turnEnds = performance.now() + longestTurnMs;
      }
    }
    const plan = { directory, storeId, collection: state.name, lo, hi, columns: state.columns };
    await maker.write(plan, new MovedContent(state, moved), onProgress);
    await fileSystem.syncDirectory(directory);
    const pack = await Pack.open({ fileSystem, directory, storeId, collection: state.name, lo, hi, cache });
    return {
      state,
      packs: new PackSet([...packs.packs, pack], documents),
      pack,
      moved: moved.map(({ version }) => version),
    };
  }

  /** Removes a pack that no checkpoint came to list. What is left after a crash, recovery removes. */
  async discard({ state, pack }: NewPack): Promise<void> {
    await pack.retire();
    await removePack(this.#parts.fileSystem, this.#parts.layout, state.name, pack);
  }

  async #select(state: CollectionState, versions: ReadonlyMap<string, Version>): Promise<Moved[]> {
    const moved: Moved[] = [];
    for (const version of versions.values()) {
      if (!version.deleted) {
        if (version.body !== undefined) moved.push({ version, body: version.body });
      } else if (state.packs.has(version.id)) {
        moved.push({ version, body: "null" });
      }
    }
    if (state.loose.size > this.#parts.options.looseLimit / 2) moved.push(...(await this.#looseOf(state, versions)));
    // By UTF-16 code units, as a pack wants it.
    return moved.sort((left, right) => (left.version.id < right.version.id ? -1 : 1));
  }

  /** Loose documents that did not change. One that can not be read stays where it is: reading it says why. */
  async #looseOf(state: CollectionState, versions: ReadonlyMap<string, Version>): Promise<Moved[]> {
    const moved: Moved[] = [];
    for (const id of state.loose) {
      const version = state.recent.get(id);
      // One that is dirty by now is newer than its file, and for the next checkpoint.
      if (version === undefined || version.deleted || versions.has(id) || state.dirty.has(id)) continue;
      try {
        const document = await this.#parts.documents.read(state.name, id);
        if (document?.envelope.sequence === version.sequence) moved.push({ version, body: document.body });
      } catch (error) {
        if (!isHoldfastError(error, "CORRUPT")) throw error;
      }
    }
    return moved;
  }
}

/** What moves, as packs have it; each document is put together when its turn comes. */
class MovedContent implements PackContent {
  readonly #state: CollectionState;
  readonly #moved: readonly Moved[];

  constructor(state: CollectionState, moved: readonly Moved[]) {
    this.#state = state;
    this.#moved = moved;
  }

  get size(): number {
    return this.#moved.length;
  }

  *[Symbol.iterator](): Generator<PackDocument> {
    const { name, definition } = this.#state;
    for (const { version, body } of this.#moved) {
      const { keys } = version;
      if (version.deleted) {
        yield tombstone(name, version);
        continue;
      }
      yield {
        envelope: envelopeOf(name, version),
        body,
        keys: keys.length > 0 ? keys : storedKeys(definition, version, body.toString()),
      };
    }
  }
}

function tombstone(collection: string, version: Version): PackDocument {
  return { envelope: { ...envelopeOf(collection, version), deleted: true }, body: "null", keys: version.keys };
}

/** A tombstone, as a pack holds it. */
export function tombstoneEntry(collection: string, version: Version): PackEntry {
  return entryOf(tombstone(collection, version));
}

/** How many documents have files of their own once the packs are listed. */
export function looseAfter(state: CollectionState, written: readonly NewPack[]): number {
  const moved = written.find((pack) => pack.state === state)?.moved ?? [];
  return state.loose.size - moved.filter(({ id }) => state.loose.has(id)).length;
}

/** Removes both files; the index first, so that what a crash leaves is no pack. */
export async function removePack(
  fileSystem: FileSystem,
  layout: Layout,
  collection: string,
  { summary: { lo, hi } }: Pack,
): Promise<void> {
  const names = packFileNames(lo, hi);
  for (const name of [names.index, names.pack]) await removeIfPresent(fileSystem, join(layout.packs(collection), name));
}
