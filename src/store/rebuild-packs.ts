import { setImmediate as giveWay } from "node:timers/promises";
import type { CollectionDefinition } from "../collections/index.js";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { isAbsent } from "../files/node-file-system.js";
import { openRebuilt, sameColumns, type ClockCache, type Pack } from "../packs/index.js";
import type { CollectionState } from "./collection-state.js";
import { storedKeys } from "./index-keys.js";
import { PackSet } from "./pack-set.js";

export interface RebuildParts {
  readonly fileSystem: FileSystem;
  readonly layout: Layout;
  readonly storeId: string | undefined;
  readonly cache: ClockCache;
  /**
   * For who does not write the directory: takes in what packs its owner has put in the place of one of the collection's
   * that has gone. Returns also if there is nothing new.
   */
  readonly takeInPacks?: (isReplaced: () => boolean) => Promise<void>;
}

/**
 * Gives packs that were written under another definition of the collection, or under none, an index for this one, in
 * memory. The next merge writes it to the disk.
 */
export async function rebuildPacks(
  parts: RebuildParts,
  state: CollectionState,
  definition: CollectionDefinition<unknown>,
): Promise<void> {
  const { columns } = state;
  for (;;) {
    for (let other = state.repacking; other !== undefined; other = state.repacking) await other;
    const unfit = state.packs.packs.find((pack) => !sameColumns(pack.columns, columns));
    if (unfit === undefined) return;
    const rebuilt = await rebuild(parts, state, definition, unfit);
    if (rebuilt === undefined) continue;
    for (let other = state.repacking; other !== undefined; other = state.repacking) await other;
    const { packs, documents } = state.packs;
    if (packs.includes(unfit)) {
      state.repack(
        new PackSet(
          packs.map((pack): Pack => (pack === unfit ? rebuilt : pack)),
          documents,
        ),
        [],
      );
      await unfit.retire();
    } else {
      // A merge has replaced it meanwhile.
      await rebuilt.retire();
    }
  }
}

/** @returns `undefined` if a merge has put another pack in the place of this one, and removed it. */
async function rebuild(
  parts: RebuildParts,
  state: CollectionState,
  definition: CollectionDefinition<unknown>,
  pack: Pack,
): Promise<Pack | undefined> {
  try {
    return await openRebuilt({
      fileSystem: parts.fileSystem,
      directory: parts.layout.packs(state.name),
      storeId: parts.storeId,
      cache: parts.cache,
      collection: state.name,
      lo: pack.summary.lo,
      hi: pack.summary.hi,
      columns: state.columns,
      keysOf: ({ envelope, body }) => storedKeys(definition, envelope, body),
      pace: () => giveWay(),
    });
  } catch (error) {
    const isReplaced = (): boolean => !state.packs.packs.includes(pack);
    if (!isAbsent(error)) throw error;
    if (!isReplaced()) await parts.takeInPacks?.(isReplaced);
    if (isReplaced()) return undefined;
    throw error;
  }
}
