import { join } from "node:path";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import type { JournalWriter } from "../journal/journal-writer.js";
import { parseSegmentName } from "../journal/segment-name.js";
import type { Quarantine } from "./quarantine.js";

export interface JournalPrunerParts {
  readonly fileSystem: FileSystem;
  readonly layout: Layout;
  readonly journal: JournalWriter;
  readonly quarantine: Quarantine;
  /** Segments of earlier owners, oldest first. */
  readonly inherited: readonly string[];
  readonly damagedSegments: ReadonlySet<string>;
  /** Throws `WRITER_FENCED`. */
  readonly checkFence: () => void;
}

/** Removes journal segments that a checkpoint covers. */
export class JournalPruner {
  readonly #parts: JournalPrunerParts;
  readonly #removed = new Set<string>();

  constructor(parts: JournalPrunerParts) {
    this.#parts = parts;
  }

  /** The files the journal consists of, oldest first. */
  get segments(): string[] {
    const { inherited, journal } = this.#parts;
    return [...inherited, ...journal.segments].filter((name) => !this.#removed.has(name));
  }

  /** After a checkpoint that found the disk full: what fails now too is told, and does not take the place of that. */
  async makeRoom(sequence: number): Promise<void> {
    try {
      await this.prune(sequence, 0);
    } catch (error) {
      const { layout } = this.#parts;
      process.emitWarning(`Holdfast could not shorten ${layout.journal} on a full disk: ${String(error)}`);
    }
  }

  /**
   * Removes what the checkpoint covers, but keeps the newest part for those who follow changes. Oldest first: a crash in
   * between leaves an unbroken end of the journal. Damaged segments go to quarantine, and nothing older stays behind them.
   *
   * @param sequence the commit up to which the checkpoint is complete.
   * @param retainedBytes how much of what is covered is kept.
   */
  async prune(sequence: number, retainedBytes: number): Promise<void> {
    const { layout, fileSystem, quarantine, damagedSegments } = this.#parts;
    const all = this.segments;
    const covered = all.filter((_, index) => {
      const next = all[index + 1];
      return next !== undefined && (parseSegmentName(next)?.first ?? Number.MAX_SAFE_INTEGER) <= sequence + 1;
    });
    const lastDamaged = covered.findLastIndex((name) => damagedSegments.has(name));
    let kept = 0;
    let keepFrom = covered.length;
    for (let index = covered.length - 1; index > lastDamaged; index -= 1) {
      kept += (await fileSystem.status(join(layout.journal, covered[index] as string)))?.size ?? 0;
      if (kept > retainedBytes) break;
      keepFrom = index;
    }
    for (const name of covered.slice(0, keepFrom)) {
      this.#parts.checkFence();
      const path = join(layout.journal, name);
      if (damagedSegments.has(name))
        await quarantine.move(path, "journal-damaged", "damaged, and covered by a checkpoint");
      else await removeIfPresent(fileSystem, path);
      // One after the other: of removals that are not durable, a power loss may take back the first and not the second,
      // and the gap would look like damage.
      await fileSystem.syncDirectory(layout.journal);
      this.#removed.add(name);
    }
  }
}
