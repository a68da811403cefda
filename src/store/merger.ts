import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { Pack, sameColumns, type ClockCache, type MergePlan, type PackMaker } from "../packs/index.js";
import type { CollectionState } from "./collection-state.js";
import type { StoreOptions } from "./options.js";
import { removePack } from "./packer.js";

export interface MergerParts {
  readonly fileSystem: FileSystem;
  readonly layout: Layout;
  readonly storeId: string;
  readonly cache: ClockCache;
  readonly maker: PackMaker;
  readonly options: Pick<StoreOptions, "mergeFactor" | "mergeBytesPerSecond">;
}

/** Packs below this size count as equally small. */
const smallestTierBytes = 256 * 1024;

/**
 * Keeps the packs of a collection few. Packs of about one size are merged when there are enough of them, so that each
 * document is copied once for each tier its pack grows through, not once for each checkpoint.
 */
export class Merger {
  readonly #parts: MergerParts;

  constructor(parts: MergerParts) {
    this.#parts = parts;
  }

  /**
   * The packs to merge next, neighbours by age; none if there are few enough. Enough of one size, with smaller ones
   * between them: a large pack is not copied for the sake of a few small ones.
   */
  due({ packs: { packs } }: CollectionState): readonly Pack[] {
    const { mergeFactor } = this.#parts.options;
    const tiers = packs.map(({ summary }) => tierOf(summary.packBytes, mergeFactor));
    for (const tier of [...new Set(tiers)].sort((left, right) => left - right)) {
      for (let end = packs.length; end > 0;) {
        let start = end;
        while (start > 0 && (tiers[start - 1] as number) <= tier) start -= 1;
        const run = packs.slice(start, end);
        const first = run[0];
        if (
          tiers.slice(start, end).filter((each) => each === tier).length >= mergeFactor &&
          first !== undefined &&
          run.every(({ columns }) => sameColumns(columns, first.columns))
        )
          return run;
        end = start === end ? end - 1 : start;
      }
    }
    return [];
  }

  /** Neighbours that can be one pack, oldest first: those with the same indexes. */
  alike({ packs: { packs } }: CollectionState): readonly (readonly Pack[])[] {
    const runs: Pack[][] = [];
    for (const pack of packs) {
      const run = runs.at(-1);
      if (run?.[0] !== undefined && sameColumns(run[0].columns, pack.columns)) run.push(pack);
      else runs.push([pack]);
    }
    return runs;
  }

  /**
   * Writes one pack in the place of neighbours. It is whole and synced, and no checkpoint lists it yet.
   *
   * @param salvage is told of lines that are not in it, since they can not be read.
   */
  async merge(
    state: CollectionState,
    packs: readonly Pack[],
    salvage: MergePlan["salvage"] & {},
    onProgress: () => void,
  ): Promise<Pack> {
    const { fileSystem, layout, storeId, cache, maker, options } = this.#parts;
    const [first, last] = [packs[0] as Pack, packs.at(-1) as Pack];
    const directory = layout.packs(state.name);
    const { lo } = first.summary;
    const { hi } = last.summary;
    const plan = { directory, storeId, collection: state.name, lo, hi, columns: first.columns };
    // Nothing is older than the first pack: what a tombstone hides is gone with this merge.
    const dropTombstones = state.packs.packs[0] === first;
    const how = { dropTombstones, salvage, bytesPerSecond: options.mergeBytesPerSecond };
    await maker.merge(plan, packs, how, onProgress);
    await fileSystem.syncDirectory(directory);
    return Pack.open({ fileSystem, directory, storeId, collection: state.name, lo, hi, cache });
  }

  /** Gives up a pack that no checkpoint lists, or lists no longer. */
  async discard(state: CollectionState, pack: Pack): Promise<void> {
    await pack.retire();
    await removePack(this.#parts.fileSystem, this.#parts.layout, state.name, pack);
  }
}

function tierOf(bytes: number, factor: number): number {
  return Math.max(0, Math.ceil(Math.log(bytes / smallestTierBytes) / Math.log(factor)));
}
