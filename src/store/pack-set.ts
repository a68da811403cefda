import { retainAll, type Pack, type PackedPlace } from "../packs/index.js";

/** Where a pack holds the newest packed version of a document, or its tombstone. */
export class PackedVersion {
  readonly pack: Pack;
  readonly place: PackedPlace;

  constructor(pack: Pack, place: PackedPlace) {
    this.pack = pack;
    this.place = place;
  }
}

/** The live packs of one collection, as the checkpoint lists them. Immutable: a checkpoint or merge makes a new one. */
export class PackSet {
  static readonly empty = new PackSet([], 0);
  /** Oldest first. */
  readonly packs: readonly Pack[];
  /** How many documents they hold together; what a newer pack replaces or deletes does not count. */
  readonly documents: number;
  /** The newest commit that any of them knows of. */
  readonly newestSequence: number;
  /** The id that was last looked for in vain: whoever inserts it looks for it more than once. */
  #absent: string | undefined;

  constructor(packs: readonly Pack[], documents: number) {
    this.packs = packs;
    this.documents = documents;
    this.newestSequence = packs.reduce((newest, { summary }) => Math.max(newest, summary.newestSequence), 0);
  }

  /** The newest entry for an id; a tombstone counts. */
  find(id: string): PackedVersion | undefined {
    if (id === this.#absent) return undefined;
    for (let index = this.packs.length - 1; index >= 0; index -= 1) {
      const pack = this.packs[index] as Pack;
      const place = pack.find(id);
      if (place !== undefined) return new PackedVersion(pack, place);
    }
    this.#absent = id;
    return undefined;
  }

  /** Whether there is a document of this id, and no newer tombstone. */
  has(id: string): boolean {
    return this.find(id)?.place.deleted === false;
  }

  /**
   * Whether these packs make a version in memory or in a file of its own superfluous: they hold it, or know a newer one. A
   * tombstone of the same commit is what stands in the place of a document that could not be read: that document, restored
   * from the journal, is newer.
   */
  supersedes({ id, sequence, deleted }: Pick<PackedPlace, "id" | "sequence" | "deleted">): boolean {
    const place = this.find(id)?.place;
    return (
      place !== undefined && (place.sequence > sequence || (place.sequence === sequence && place.deleted === deleted))
    );
  }

  /** Whether a pack behind the one at `index` has an entry for the id, which then stands in place of this one's. */
  isReplaced(index: number, id: string): boolean {
    for (let newer = index + 1; newer < this.packs.length; newer += 1) {
      if (this.packs[newer]?.find(id) !== undefined) return true;
    }
    return false;
  }

  /** Keeps the files open while `work` reads from them, whatever a merge does meanwhile. */
  async use<Result>(work: () => Promise<Result>): Promise<Result> {
    retainAll(this.packs);
    try {
      return await work();
    } finally {
      for (const pack of this.packs) pack.release();
    }
  }
}
