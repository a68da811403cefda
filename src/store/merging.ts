import { HoldfastError, isHoldfastError } from "../errors.js";
import type { Clock } from "../files/clock.js";
import type { Layout } from "../files/layout.js";
import { storageError } from "../files/storage-error.js";
import type { Pack, PackedPlace } from "../packs/index.js";
import type { Checkpoint } from "./checkpoint-file.js";
import type { CollectionState } from "./collection-state.js";
import type { DamagedLines } from "./damaged-lines.js";
import { listPacks } from "./list-packs.js";
import type { Merger } from "./merger.js";
import { PackSet, PackedVersion } from "./pack-set.js";
import type { WrittenCheckpoint } from "./written-checkpoint.js";

export interface MergingParts {
  readonly layout: Layout;
  readonly clock: Clock;
  readonly damagedLines: DamagedLines;
  readonly merger: Merger;
  readonly states: () => Iterable<CollectionState>;
  readonly checkpoint: WrittenCheckpoint;
  /** Throws `WRITER_FENCED`. */
  readonly checkFence: () => void;
  /** Does work that no checkpoint may run beside. */
  readonly exclusively: (work: () => Promise<void>) => Promise<void>;
}

/** Merges packs beside checkpoints, one merge after the other: two of the same packs would each put its own in their place. */
export class Merging {
  readonly #parts: MergingParts;
  #running: Promise<void> | undefined;
  #interrupted = false;
  /** Why the last attempt in the background failed; `undefined` if it did not. */
  failure: HoldfastError | undefined;

  constructor(parts: MergingParts) {
    this.#parts = parts;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Merges what is due, if nothing is being merged. */
  beginInBackground(): void {
    if (this.#interrupted || this.#running !== undefined) return;
    this.#running = this.#mergeWhatIsDue()
      .then(
        () => {
          this.failure = undefined;
        },
        (error: unknown) => {
          // The packs stay as they are, which costs speed and space, no data; the next checkpoint tries again.
          if (!isHoldfastError(error, "CLOSED"))
            this.failure = storageError(error, "merge packs", this.#parts.layout.collections);
        },
      )
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Makes one pack of the packs of each collection. @throws HoldfastError `CLOSED`, `CORRUPT`, `STORAGE_FAILED`, `STORAGE_FULL` */
  async mergeAll(): Promise<void> {
    while (this.#running !== undefined) await this.#running.then(undefined, () => undefined);
    this.#assertOpen();
    this.#running = this.#mergeAlike()
      .catch((error: unknown) => {
        throw storageError(error, "merge packs", this.#parts.layout.collections);
      })
      .finally(() => {
        this.#running = undefined;
      });
    await this.#running;
  }

  /** Begins nothing more, and resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#interrupted = true;
    await this.#running?.then(undefined, () => undefined);
  }

  async #mergeWhatIsDue(): Promise<void> {
    const { states, merger, damagedLines, checkFence } = this.#parts;
    await damagedLines.trySetAside(states(), checkFence);
    for (const state of [...states()]) {
      for (;;) {
        await indexed(state);
        const due = merger.due(state);
        if (due.length === 0) break;
        await this.#merge(state, due);
      }
    }
  }

  async #mergeAlike(): Promise<void> {
    const { states, merger } = this.#parts;
    for (const state of [...states()]) {
      await indexed(state);
      for (const packs of merger.alike(state)) await this.#merge(state, packs);
    }
  }

  /**
   * The merged pack is written beside checkpoints, from files that nobody changes. It takes the place of the others in
   * one step with the list in `checkpoint.json`, which goes on speaking of the same commit; only then are they removed.
   */
  async #merge(state: CollectionState, packs: readonly Pack[]): Promise<void> {
    if (packs.length < 2) return;
    const { merger, clock, damagedLines, checkFence, checkpoint, exclusively } = this.#parts;
    const pace = (): void => {
      this.#assertOpen();
      checkFence();
    };
    // The pack that is made now may have the name of one that is in doubt.
    await exclusively(() => {
      pace();
      return checkpoint.settle();
    });
    const lost: PackedVersion[] = [];
    const now = new Date(clock.now()).toISOString();
    const onLost = (pack: Pack, place: PackedPlace): void => {
      lost.push(new PackedVersion(pack, place));
    };
    const merged = await merger.merge(state, packs, { now, onLost }, pace);
    await exclusively(async () => {
      try {
        // The bytes of lines that the merged pack does not have are safe before it takes the place of those that do.
        if (lost.length > 0) await damagedLines.setAside([state], pace);
      } catch (error) {
        await checkpoint.giveUp(() => merger.discard(state, merged));
        throw error;
      }
      // Another index may have been made for one of them meanwhile: then what was merged is of the old one.
      if (!packs.every((pack) => state.packs.packs.includes(pack))) {
        await merger.discard(state, merged);
        return;
      }
      const list = state.packs.packs.flatMap((pack) =>
        pack === packs[0] ? [merged] : packs.includes(pack) ? [] : [pack],
      );
      const missing = lost.filter(
        ({ pack, place }) => !place.deleted && state.packs.find(place.id)?.pack === pack,
      ).length;
      const next = new PackSet(list, state.packs.documents - missing);
      try {
        pace();
        await checkpoint.write({
          ...(checkpoint.content as Checkpoint),
          packs: listPacks(this.#parts.states(), new Map([[state, next]])),
        });
      } catch (error) {
        await checkpoint.giveUp(() => merger.discard(state, merged));
        throw error;
      }
      state.repack(next, []);
      if (missing > 0) state.countAnew();
      for (const pack of packs) {
        checkFence();
        await checkpoint.giveUp(() => merger.discard(state, pack));
      }
    });
  }

  #assertOpen(): void {
    if (this.#interrupted) throw new HoldfastError("CLOSED", "The store was closed before its packs were merged.");
  }
}

/** Resolves when no pack of the collection is about to be given another index. Whether that succeeds is for those who list. */
async function indexed({ indexing }: CollectionState): Promise<void> {
  await indexing?.then(undefined, () => undefined);
}
