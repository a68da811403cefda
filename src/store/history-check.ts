import { join } from "node:path";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { isAbsent } from "../files/node-file-system.js";
import { checkSegment, type SegmentDamage } from "../journal/check-segment.js";
import type { UnreadSegment } from "../journal/read-journal.js";

export interface HistoryCheckParts {
  readonly fileSystem: FileSystem;
  readonly layout: Layout;
  /** Segments that the checkpoint covers, and that opening did not read. */
  readonly segments: readonly UnreadSegment[];
  /** Called with what was found in one of them, and waited for. */
  readonly found: (segment: string, damage: readonly SegmentDamage[]) => Promise<void>;
}

/** So that those who waited for the directory come first. */
const settleMs = 200;
/** Between two pieces of a quarter of a mebibyte, each of which takes less than a millisecond. */
const pauseMs = 5;

/**
 * Looks through what the journal keeps behind the checkpoint, once, after opening. No document depends on it: it is there
 * for those who follow changes from far behind, and they check what they read. That it is damaged is to be known all the
 * same, before somebody needs it; but nobody has to wait for it.
 */
export class HistoryCheck {
  readonly #parts: HistoryCheckParts;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** Ends the pause that the check is in. */
  #wake: (() => void) | undefined;

  constructor(parts: HistoryCheckParts) {
    this.#parts = parts;
  }

  /** Whether there is something left to look through. */
  get isRunning(): boolean {
    return this.#timer !== undefined || this.#running !== undefined;
  }

  start(): void {
    if (this.#parts.segments.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#run()
        .catch((error: unknown) => {
          process.emitWarning(
            `Holdfast could not look through the journal that is kept in ${this.#parts.layout.journal}: ${String(error)}. The next opening tries again; followers check what they read.`,
          );
        })
        .finally(() => {
          this.#running = undefined;
        });
    }, settleMs).unref();
  }

  /** Ends the check; what it has not come to is left to the next opening. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wake?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { fileSystem, layout, segments, found } = this.#parts;
    for (const { segment, sealed } of segments) {
      let damage: readonly SegmentDamage[] | undefined;
      try {
        damage = await checkSegment(fileSystem, join(layout.journal, segment), sealed, () => this.#pause());
      } catch (error) {
        // Removed by a checkpoint, as history is in the end.
        if (!isAbsent(error)) throw error;
        damage = [];
      }
      if (damage === undefined) return;
      if (damage.length > 0) await found(segment, damage);
    }
  }

  /** @returns whether to go on. */
  async #pause(): Promise<boolean> {
    if (this.#stopped) return false;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, pauseMs).unref();
    });
    return !this.#stopped;
  }
}
