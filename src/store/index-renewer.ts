import { HoldfastError, isHoldfastError } from "../errors.js";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { openRebuilt, Pack, rebuildIndex, type ClockCache } from "../packs/index.js";
import type { CollectionState } from "./collection-state.js";
import { storedKeys } from "./index-keys.js";
import { PackSet } from "./pack-set.js";

export interface RenewalParts {
  readonly fileSystem: FileSystem;
  readonly layout: Layout;
  readonly storeId: string;
  readonly cache: ClockCache;
}

/** Makes damaged indexes of live packs anew: whoever met the damage was refused, and is not any more. */
export class IndexRenewer {
  readonly #parts: RenewalParts;
  /** Packs whose lines are damaged too. */
  readonly #beyondRepair = new WeakSet<Pack>();

  constructor(parts: RenewalParts) {
    this.#parts = parts;
  }

  isDue(states: Iterable<CollectionState>): boolean {
    return this.#damaged(states).length > 0;
  }

  /** @throws HoldfastError `STORAGE_FAILED`, and what `checkFence` throws; the system's own errors when writing. */
  async renew(states: Iterable<CollectionState>, checkFence: () => void): Promise<void> {
    for (const { state, pack } of this.#damaged(states)) {
      checkFence();
      try {
        await renewIndex(this.#parts, state, pack);
      } catch (error) {
        if (!isHoldfastError(error, "CORRUPT")) throw error;
        this.#beyondRepair.add(pack);
        process.emitWarning(`The index of ${pack.path} is damaged, and can not be made anew: ${error.message}`);
      }
    }
  }

  #damaged(states: Iterable<CollectionState>): { readonly state: CollectionState; readonly pack: Pack }[] {
    return [...states].flatMap((state) =>
      state.packs.packs
        .filter((pack) => pack.hasDamagedIndex && !this.#beyondRepair.has(pack))
        .map((pack) => ({ state, pack })),
    );
  }
}

/**
 * Makes the index of a live pack anew from its lines, on the disk and for those who read it. The lines are first compared
 * with what they were when the pack was opened: an index that fits lines of which some are missing would hide that.
 *
 * @throws HoldfastError `CORRUPT` if the lines are damaged too: then all stays as it is.
 */
async function renewIndex(parts: RenewalParts, state: CollectionState, pack: Pack): Promise<void> {
  const { fileSystem, layout, storeId, cache } = parts;
  const { lo, hi, packChecksum } = pack.summary;
  const { columns, definition } = state;
  const directory = layout.packs(state.name);
  const where = { fileSystem, directory, storeId, collection: state.name, lo, hi };
  const keysOf: Parameters<typeof rebuildIndex>[1] = ({ envelope, body }) => storedKeys(definition, envelope, body);
  const trial = await openRebuilt({ ...where, cache, columns, keysOf });
  await trial.retire();
  if (trial.summary.packChecksum !== packChecksum) {
    throw new HoldfastError(
      "CORRUPT",
      `${pack.path} does not have the lines any more that it had when it was opened.`,
      {
        details: { path: pack.path },
      },
    );
  }
  await rebuildIndex({ ...where, columns, pace: () => undefined }, keysOf);
  const renewed = await Pack.open({ ...where, cache });
  const { packs, documents } = state.packs;
  const next = packs.map((other) => (other === pack ? renewed : other));
  state.repack(new PackSet(next, documents), []);
  await (packs.includes(pack) ? pack : renewed).retire();
}
