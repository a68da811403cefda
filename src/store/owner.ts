import { isHoldfastError } from "../errors.js";
import type { Layout } from "../files/layout.js";
import { isFullDisk, storageError } from "../files/storage-error.js";
import type { JournalWriter } from "../journal/journal-writer.js";
import type { DirectoryLock } from "../locking/directory-lock.js";
import type { Checkpointer } from "./checkpointer.js";
import type { Committer } from "./committer.js";
import type { ConditionKeeper, StoreCondition } from "./condition.js";
import type { RoleMetrics, StoreRole } from "./directory-store.js";
import type { StoreOptions } from "./options.js";
import type { HistoryCheck } from "./history-check.js";
import type { Reserve } from "./reserve.js";
import type { Sweeper } from "./sweeper.js";

export interface OwnerParts {
  readonly lock: DirectoryLock;
  readonly journal: JournalWriter;
  readonly committer: Committer;
  readonly checkpointer: Checkpointer;
  readonly history: HistoryCheck;
  readonly sweeper: Sweeper;
  readonly reserve: Reserve;
  readonly condition: ConditionKeeper;
  readonly layout: Layout;
}

/** So that the first requests come before the checkpoint of what was recovered. */
const settleMs = 50;

/** The one writer of a directory: its background work, and how it ends. */
export class Owner implements StoreRole {
  readonly mode = "writer";
  readonly #parts: OwnerParts;
  #surrendered: Promise<void> | undefined;
  #firstCheckpoint: NodeJS.Timeout | undefined;

  constructor(parts: OwnerParts) {
    this.#parts = parts;
  }

  start(settings: StoreOptions): void {
    const { lock, journal, committer, checkpointer, sweeper, condition } = this.#parts;
    condition.listen((current) => {
      this.#react(current);
    });
    // An owner may find the disk full already.
    if (condition.current.state === "full") this.#react(condition.current);
    committer.onDurable = () => {
      checkpointer.noteCommits();
    };
    // An owner that writes nothing learns from its heartbeat that it has been replaced.
    lock.onLost((error) => {
      journal.abandon(error);
    });
    checkpointer.start();
    sweeper.start(settings.sweepMs);
  }

  /**
   * Begins, a moment later, what nobody is to wait for.
   *
   * @param isBehind whether recovery left something that should soon be in the collections' files.
   */
  openingIsOver(isBehind: boolean): void {
    const { checkpointer, history } = this.#parts;
    history.start();
    if (!isBehind) return;
    this.#firstCheckpoint = setTimeout(() => {
      checkpointer.runInBackground();
    }, settleMs).unref();
  }

  lastSequence(): number {
    return this.#parts.committer.lastSequence;
  }

  metrics(): RoleMetrics {
    const { committer, journal, checkpointer, history } = this.#parts;
    return {
      commits: committer.commits,
      operations: committer.operations,
      batches: journal.batches,
      checkpoints: checkpointer.checkpoints,
      journalBytes: checkpointer.backlogBytes,
      journalSegments: checkpointer.journalSegments,
      checkpointSequence: checkpointer.sequence,
      merging: checkpointer.isMerging,
      checkingHistory: history.isRunning,
    };
  }

  async checkpoint(): Promise<void> {
    this.#parts.condition.assertWritable();
    await this.#parts.checkpointer.run();
  }

  async compact(): Promise<void> {
    this.#parts.condition.assertWritable();
    await this.#parts.checkpointer.compact();
  }

  async close(beforeRelease: () => Promise<void>): Promise<void> {
    try {
      await this.#close(beforeRelease);
    } catch (error) {
      throw storageError(error, "leave the state directory in order", this.#parts.layout.root);
    }
  }

  async #close(beforeRelease: () => Promise<void>): Promise<void> {
    const { lock, journal, sweeper, committer } = this.#parts;
    await this.#stopBackground();
    await sweeper.stop();
    await journal.idle();
    if (committer.failure !== undefined) {
      await this.#surrender();
      await beforeRelease();
      return;
    }
    try {
      await this.#lastCheckpoint();
      await journal.close();
      await beforeRelease();
    } finally {
      await lock.release();
    }
  }

  async #lastCheckpoint(): Promise<void> {
    try {
      await this.#parts.checkpointer.close();
    } catch (error) {
      // Everything acknowledged is in the journal; the next owner replays it.
      process.emitWarning(`Holdfast closed without a last checkpoint: ${String(error)}`);
    }
  }

  #react(condition: StoreCondition): void {
    if (condition.state === "full") this.#inBackground(this.#parts.checkpointer.run());
    if (condition.state === "open") this.#inBackground(this.#parts.reserve.establish());
    // The successor waits for our last file operation to be over: see `Checkpointer`.
    if (condition.state === "fenced") this.#inBackground(this.#surrender());
  }

  async #surrender(): Promise<void> {
    this.#surrendered ??= this.#giveUp();
    await this.#surrendered;
  }

  async #giveUp(): Promise<void> {
    const { lock, journal, checkpointer, sweeper } = this.#parts;
    try {
      await this.#stopBackground();
      await sweeper.stop();
      await checkpointer.abandon();
      await journal.close();
    } finally {
      await lock.release();
    }
  }

  async #stopBackground(): Promise<void> {
    clearTimeout(this.#firstCheckpoint);
    await this.#parts.history.stop();
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      // On a full disk each of these may fail again; the next change of condition tries again. Closing cuts them short.
      if (!isFullDisk(error) && !isHoldfastError(error, "CLOSED"))
        process.emitWarning(`Holdfast (${this.#parts.layout.root}): ${String(error)}`);
    });
  }
}
