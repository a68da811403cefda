import { relative } from "node:path";
import type { Layout } from "../files/layout.js";
import type { Pack, PackedPlace } from "../packs/index.js";
import type { CollectionState } from "./collection-state.js";
import type { LaterDamage } from "./later-damage.js";
import type { Quarantine } from "./quarantine.js";

export interface DamagedLinesParts {
  readonly layout: Layout;
  readonly quarantine: Quarantine;
  readonly laterDamage: LaterDamage;
}

/**
 * Sets aside the lines of live packs that were met damaged, and tells of them, each once. They stay in their pack, and
 * whoever reads them is refused, until their document is replaced or deleted, or a merge goes on without them: that comes
 * only after this, so that no byte of them is lost with the pack.
 */
export class DamagedLines {
  readonly #parts: DamagedLinesParts;
  /** Where the lines begin that were set aside, by the path of their pack. */
  readonly #kept = new Map<string, Set<number>>();
  /** Packs whose lines could not be set aside: the next merge, or the next checkpoint of something else, tries again. */
  readonly #tried = new WeakSet<Pack>();
  #last: Promise<void> = Promise.resolve();

  constructor(parts: DamagedLinesParts) {
    this.#parts = parts;
  }

  /** Whether there are lines that nobody has tried to set aside. */
  isDue(states: Iterable<CollectionState>): boolean {
    return [...states].some(({ packs }) =>
      packs.packs.some((pack) => !this.#tried.has(pack) && this.#newIn(pack).length > 0),
    );
  }

  /** {@link setAside} for those who have something else to do: a failure is told, and nothing more. */
  async trySetAside(states: Iterable<CollectionState>, checkFence: () => void): Promise<void> {
    try {
      await this.setAside(states, checkFence);
    } catch (error) {
      // They stay where they are: no merge goes on without them before they are set aside.
      process.emitWarning(`Holdfast could not set damaged lines of packs aside: ${String(error)}`);
    }
  }

  /**
   * Returns when the bytes of every line that was met damaged are durable in the quarantine, and reported.
   *
   * @throws HoldfastError `CORRUPT` if a pack's index is damaged too, `STORAGE_FAILED`; what `checkFence` throws; the
   * system's own errors when writing.
   */
  async setAside(states: Iterable<CollectionState>, checkFence: () => void): Promise<void> {
    // One after the other: a merge must not take for kept what another is still writing.
    const mine = this.#last.then(async () => {
      for (const state of [...states])
        for (const pack of state.packs.packs)
          if (this.#newIn(pack).length > 0) await this.#keep(state, pack, checkFence);
    });
    this.#last = mine.then(undefined, () => undefined);
    await mine;
  }

  async #keep(state: CollectionState, pack: Pack, checkFence: () => void): Promise<void> {
    this.#tried.add(pack);
    checkFence();
    const { layout, quarantine, laterDamage } = this.#parts;
    const lines = this.#newIn(pack);
    const file = relative(layout.root, pack.path);
    const [first] = lines as [PackedPlace];
    const detail =
      lines.length === 1
        ? `the line of ${JSON.stringify(first.id)}, at byte ${first.offset}, is damaged`
        : `${lines.length} lines are damaged, the first at byte ${first.offset}`;
    const bytesOf = (line: PackedPlace): Promise<Buffer> => pack.bytesOf(line);
    const quarantined = await quarantine.keepLines(pack.path, lines, bytesOf, "line-damaged", detail);
    const lost = lines.filter(({ id, deleted }) => {
      return !deleted && !state.recent.has(id) && state.packs.find(id)?.pack === pack;
    });
    const length = lines.reduce((sum, line) => sum + line.length, 0);
    const repaired = lost.length === 0;
    await laterDamage.report(
      [{ file, kind: "pack", detail, offset: first.offset, length, quarantined, repaired }],
      lost.map(({ id }) => ({ collection: state.name, id })),
    );
    const kept = this.#kept.get(pack.path) ?? new Set<number>();
    for (const { offset } of lines) kept.add(offset);
    this.#kept.set(pack.path, kept);
    process.emitWarning(
      `Holdfast (${layout.root}): in ${file} ${detail}. ${lost.length} documents are lost by it; the bytes are in ${quarantined}.`,
    );
  }

  /** Those of a pack that have not been set aside, in the order of the file. */
  #newIn(pack: Pack): readonly PackedPlace[] {
    if (pack.damagedLines.size === 0) return [];
    const kept = this.#kept.get(pack.path);
    return [...pack.damagedLines.values()]
      .filter(({ offset }) => kept?.has(offset) !== true)
      .sort((left, right) => left.offset - right.offset);
  }
}
