import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../files/clock.js";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { isFullDisk, storageError } from "../files/storage-error.js";
import type { LooseDocuments } from "../documents/loose-documents.js";
import type { JournalWriter } from "../journal/journal-writer.js";
import { HoldfastError } from "../errors.js";
import type { PackMaker } from "../packs/index.js";
import type { Bodies } from "./bodies.js";
import type { Checkpoint } from "./checkpoint-file.js";
import type { CollectionState } from "./collection-state.js";
import type { Committer } from "./committer.js";
import type { DamagedLines } from "./damaged-lines.js";
import type { ExpiryClock } from "./expiry-clock.js";
import type { StoreOptions } from "./options.js";
import { JournalPruner } from "./journal-pruner.js";
import { listPacks } from "./list-packs.js";
import type { Merger } from "./merger.js";
import { Merging } from "./merging.js";
import type { IndexRenewer } from "./index-renewer.js";
import { looseAfter, type NewPack, type Packer } from "./packer.js";
import type { Quarantine } from "./quarantine.js";
import type { Reserve } from "./reserve.js";
import { assertRoomFor } from "./room-for-documents.js";
import { envelopeOf, type Version } from "./version.js";
import { WaitingWriters } from "./waiting-writers.js";
import { WrittenCheckpoint } from "./written-checkpoint.js";

export interface CheckpointerParts {
  readonly fileSystem: FileSystem;
  readonly layout: Layout;
  readonly clock: Clock;
  readonly expiry: ExpiryClock;
  readonly documents: LooseDocuments;
  readonly bodies: Bodies;
  readonly committer: Committer;
  readonly journal: JournalWriter;
  readonly quarantine: Quarantine;
  readonly reserve: Reserve;
  readonly storeId: string;
  readonly options: StoreOptions;
  readonly states: () => Iterable<CollectionState>;
  /** Segments of earlier owners, oldest first. */
  readonly inherited: readonly string[];
  readonly damagedSegments: ReadonlySet<string>;
  /** The last one that is whole; `undefined` in a new directory, or if it was damaged. */
  readonly checkpoint: Checkpoint | undefined;
  /** Whether recovery put other packs in the place of those that the checkpoint lists. */
  readonly isListStale: boolean;
  readonly packer: Packer;
  readonly merger: Merger;
  /** What packer and merger make packs with. */
  readonly maker: PackMaker;
  readonly indexes: IndexRenewer;
  readonly damagedLines: DamagedLines;
  /** Throws `WRITER_FENCED`: an owner that lost the directory must not touch what its successor reads. */
  readonly checkFence: () => void;
  /**
   * Resolves when the previous owner, which was taken over while it lived, is gone; `undefined` if there is none such.
   * A paused process can resume in the middle of a rename or removal that it began before it was taken over, and no
   * check can stop that one call. So until it is gone nothing is moved into files it might still touch, and the
   * journal, which it can not touch, holds everything.
   */
  readonly predecessorGone: Promise<void> | undefined;
}

/** Files written at the same time while the journal is busy: each flush of the disk is one that commits wait for. */
const writesAtOnceBesideCommits = 1;
/** How many writers that wait for room go on each time a pack has grown a little. */
const releasedAtOnce = 64;
/** How long the others then wait before they look again. */
const yieldMs = 20;
/** Otherwise: more would only queue for the four threads that do the work. */
const writesAtOnce = 8;
/**
 * Closing moves what is left into files only if that is soon done. A large rest stays in the journal: the next owner
 * reads it in a fraction of the time.
 */
const mostMovedWhenClosing = 100_000;

/**
 * Moves what the journal holds into the collections' files, so that the journal stays short.
 *
 * Order: documents and packs written and synced, their folders synced, `checkpoint.json` replaced durably, and only then
 * journal segments and loose files that went into packs removed. A crash anywhere before the replacement leaves the old
 * checkpoint and the whole journal above it; documents that were already written are newer than that checkpoint says,
 * which replay notices by their sequence.
 */
export class Checkpointer {
  readonly #parts: CheckpointerParts;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastCommits = 0;
  #interrupted = false;
  /** Documents of the running checkpoint that are not in their files yet. */
  #moving = 0;
  /** Bytes of the journal that the running checkpoint is about. */
  #movingBytes = 0;
  readonly #waiting = new WaitingWriters();
  /** The commit up to which the collections' files are complete. */
  sequence: number;
  checkpoints = 0;
  #failure: HoldfastError | undefined;

  #held: boolean;
  /**
   * Whether documents may have files that were not there when the directory was read: the previous owner, taken over while
   * it lived, may have put them there before it was gone. All that it can have been about is in the journal, and so in the
   * first checkpoint that is written here. Left behind, such a file would outlive the deletion of its document.
   */
  #mayHaveLateFiles: boolean;
  readonly #written: WrittenCheckpoint;
  readonly #merging: Merging;
  readonly #pruner: JournalPruner;

  constructor(parts: CheckpointerParts) {
    this.#parts = parts;
    this.#held = parts.predecessorGone !== undefined;
    this.#mayHaveLateFiles = this.#held;
    parts.predecessorGone?.then(
      () => {
        this.#held = false;
      },
      (error: unknown) => {
        // Not known to be gone: held it stays.
        process.emitWarning(`Holdfast lost sight of the process that held the directory before: ${String(error)}`);
      },
    );
    this.#written = new WrittenCheckpoint(parts);
    this.#pruner = new JournalPruner(parts);
    this.#merging = new Merging({
      ...parts,
      checkpoint: this.#written,
      exclusively: (work) => this.#afterOthers(work),
    });
    this.sequence = parts.checkpoint?.sequence ?? 0;
  }

  get isMerging(): boolean {
    return this.#merging.isRunning;
  }

  /** Why the last attempt to write a checkpoint, or to merge packs, failed; `undefined` if it did not. */
  get failure(): HoldfastError | undefined {
    return this.#failure ?? this.#merging.failure;
  }

  /** How many files the journal consists of. */
  get journalSegments(): number {
    return this.#pruner.segments.length;
  }

  /** Looks every idle time whether there is something to move and nobody is writing, or too much has piled up. */
  start(): void {
    const { committer, options } = this.#parts;
    this.#timer = setInterval(
      () => {
        const isIdle = committer.commits === this.#lastCommits;
        this.#lastCommits = committer.commits;
        if (isIdle && this.#isDue()) this.runInBackground();
      },
      Math.max(10, options.checkpointIdleMs),
    ).unref();
  }

  /** To be called after each batch. */
  noteCommits(): void {
    const { committer, options } = this.#parts;
    if (this.#running !== undefined || committer.uncheckpointedBytes < options.checkpointBytes) return;
    this.runInBackground();
  }

  runInBackground(): void {
    this.run().catch((error: unknown) => {
      // Nothing is lost: the journal still holds it all, and the next attempt begins anew. The store says it in its
      // metrics, and to writers once the journal reaches its limit.
      this.#failure = storageError(error, "write a checkpoint", this.#parts.layout.checkpoint);
    });
  }

  /** Bytes in the journal that no complete checkpoint covers. */
  get backlogBytes(): number {
    return this.#parts.committer.uncheckpointedBytes + this.#movingBytes;
  }

  /**
   * `undefined` if writers may go on. If the journal has reached its limit, each of them waits until one document has
   * been moved out of it: so writers slow down to the pace of the checkpoint, instead of standing still until it is over.
   *
   * @throws HoldfastError `STORAGE_FULL` if no checkpoint can make room
   */
  admission(): Promise<void> | undefined {
    const { options, layout } = this.#parts;
    if (this.backlogBytes < options.journalLimitBytes) return undefined;
    if (this.#held) {
      throw new HoldfastError(
        "STORAGE_FULL",
        `The journal has reached its limit of ${options.journalLimitBytes} bytes, and can not be checkpointed while the paused process that held ${layout.root} before still exists. End that process.`,
      );
    }
    if (this.#running === undefined) this.runInBackground();
    return this.#waiting.wait();
  }

  /** Writes a checkpoint of everything acknowledged when it begins. Calls that come while one runs share the next. */
  async run(): Promise<void> {
    while (this.#running !== undefined) {
      const running = this.#running;
      // Its failure is for whoever began it.
      await running.then(undefined, () => undefined);
      if (!this.#isDue()) return;
    }
    await this.#begin(() => this.#checkpoint());
    if (!this.#held) this.#merging.beginInBackground();
  }

  async #afterOthers(work: () => Promise<void>): Promise<void> {
    while (this.#running !== undefined) await this.#running.then(undefined, () => undefined);
    await this.#begin(work);
  }

  async #begin(work: () => Promise<void>): Promise<void> {
    this.#running = work().then(
      () => {
        this.#ended();
        this.#waiting.releaseAll(undefined);
      },
      (error: unknown) => {
        this.#ended();
        this.#waiting.releaseAll(storageError(error, "write a checkpoint", this.#parts.layout.checkpoint));
        throw error;
      },
    );
    const over = this.#running.then(undefined, () => undefined);
    for (const state of this.#parts.states()) state.repacking = over;
    await this.#running;
  }

  #ended(): void {
    this.#running = undefined;
    for (const state of this.#parts.states()) state.repacking = undefined;
  }

  /** Moves everything out of the journal and makes one pack of the packs of each collection. */
  async compact(): Promise<void> {
    await this.run();
    // A paused predecessor may yet put back its list, and what that names must be there: see `predecessorGone`.
    if (!this.#held) await this.#merging.mergeAll();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    let left = this.#moving;
    for (const { dirty } of this.#parts.states()) left += dirty.size;
    try {
      if (left <= mostMovedWhenClosing) await this.run();
    } finally {
      await this.abandon();
    }
  }

  /** Stops without beginning anything more. */
  async abandon(): Promise<void> {
    clearInterval(this.#timer);
    this.#interrupted = true;
    await this.#running?.then(undefined, () => undefined);
    await this.#merging.stop();
    await this.#parts.maker.close();
  }

  #isDue(): boolean {
    return (
      this.#written.isStale ||
      this.#parts.indexes.isDue(this.#parts.states()) ||
      this.#parts.damagedLines.isDue(this.#parts.states()) ||
      this.#parts.committer.lastSequence > this.sequence ||
      [...this.#parts.states()].some(({ dirty }) => dirty.size > 0)
    );
  }

  async #checkpoint(): Promise<void> {
    this.#assertOpen();
    if (this.#held) return;
    await this.#parts.indexes.renew(this.#parts.states(), this.#parts.checkFence);
    const { committer, journal, options, fileSystem, layout, storeId, clock, expiry, packer } = this.#parts;
    // What is kept for followers of changes is given up on a full disk.
    const retainedBytes = journal.full === undefined ? options.journalRetainBytes : 0;
    if (!this.#isDue()) {
      await this.#pruner.prune(this.sequence, retainedBytes);
      return;
    }
    const bytes = committer.uncheckpointedBytes;
    const taken = [...this.#parts.states()].map((state) => {
      const versions = state.dirty;
      state.dirty = new Map();
      state.beginMoving();
      return { state, versions };
    });
    const sequence = committer.lastSequence;
    committer.uncheckpointedBytes = 0;
    this.#movingBytes = bytes;
    this.#moving = taken.reduce((count, { versions }) => count + versions.size, 0);
    const written: NewPack[] = [];
    try {
      this.#parts.checkFence();
      await this.#written.settle();
      // Deletions first: on a full disk they make the room that the rest needs.
      for (const { state, versions } of taken) await this.#removeDeleted(state, versions);
      if (journal.full !== undefined)
        await assertRoomFor(
          fileSystem,
          layout,
          taken.flatMap(({ versions }) => [...versions.values()]),
        );
      for (const { state, versions } of taken) {
        if (packer.isDue(state, versions)) written.push(await this.#writePack(state, versions, sequence));
        else await this.#writeDocuments(state, versions);
      }
      await this.#parts.documents.syncFolders();
      this.#parts.checkFence();
      await this.#written.write({
        format: 1,
        storeId,
        sequence,
        writtenAt: new Date(clock.now()).toISOString(),
        expiryClock: expiry.now(),
        documents: Object.fromEntries(taken.map(({ state }) => [state.name, looseAfter(state, written)])),
        packs: listPacks(this.#parts.states(), new Map(written.map(({ state, packs }) => [state, packs]))),
      });
    } catch (error) {
      for (const { state, versions } of taken) {
        for (const [id, version] of versions) if (!state.dirty.has(id)) state.dirty.set(id, version);
        state.endMoving();
      }
      committer.uncheckpointedBytes += bytes;
      this.#movingBytes = 0;
      for (const pack of written) await this.#written.giveUp(() => packer.discard(pack));
      if (isFullDisk(error)) await this.#pruner.makeRoom(this.sequence);
      throw storageError(error, "write a checkpoint", layout.checkpoint);
    }
    this.#movingBytes = 0;
    this.sequence = sequence;
    this.checkpoints += 1;
    this.#failure = undefined;
    for (const { state, packs, moved } of written) {
      state.repack(packs, moved);
    }
    for (const { state } of taken) state.endMoving();
    for (const { state, versions } of taken) this.#releaseBodies(state, versions);
    for (const { state, moved } of written) await this.#removeLoose(state, moved);
    this.#mayHaveLateFiles = false;
    await this.#pruner.prune(this.sequence, retainedBytes);
  }

  async #writePack(state: CollectionState, versions: ReadonlyMap<string, Version>, sequence: number): Promise<NewPack> {
    const pack = await this.#parts.packer.write(state, versions, sequence, () => {
      this.#assertOpen();
      this.#parts.checkFence();
      this.#waiting.release(releasedAtOnce);
    });
    this.#moving -= versions.size;
    return pack;
  }

  /**
   * The pack is listed: a crash in here leaves files that the next opening knows to be older than what a pack has, one that
   * was put there late among them.
   */
  async #removeLoose(state: CollectionState, moved: readonly Version[]): Promise<void> {
    for (const { id } of moved) {
      if (!this.#mayHaveFile(state, id)) continue;
      this.#parts.checkFence();
      await this.#parts.documents.remove(state.name, id);
      state.loose.delete(id);
    }
  }

  async #removeDeleted(state: CollectionState, versions: ReadonlyMap<string, Version>): Promise<void> {
    const deleted = [...versions.values()].filter(({ id, deleted }) => deleted && this.#mayHaveFile(state, id));
    await this.#inParallel(deleted, async ({ id }) => {
      await this.#parts.documents.remove(state.name, id);
      state.loose.delete(id);
    });
  }

  #mayHaveFile(state: CollectionState, id: string): boolean {
    return this.#mayHaveLateFiles || state.loose.has(id);
  }

  async #writeDocuments(state: CollectionState, versions: ReadonlyMap<string, Version>): Promise<void> {
    const written = [...versions.values()].filter((version) => !version.deleted);
    await this.#inParallel(written, async (version) => {
      if (version.body === undefined) return;
      state.loose.add(version.id);
      await this.#parts.documents.write(envelopeOf(state.name, version), version.body.toString());
    });
  }

  /**
   * Returns only when nothing is under way any more, also after a failure: a straggler that wrote an older version after
   * the next attempt had written a newer one would undo it.
   */
  async #inParallel(versions: readonly Version[], work: (version: Version) => Promise<void>): Promise<void> {
    let next = 0;
    const workers = Array.from({ length: Math.min(writesAtOnce, versions.length) }, async (_, worker) => {
      let commits = this.#parts.committer.commits;
      while (next < versions.length) {
        if (worker >= writesAtOnceBesideCommits && this.#givesWay(commits)) {
          commits = this.#parts.committer.commits;
          await delay(yieldMs);
          continue;
        }
        this.#assertOpen();
        this.#parts.checkFence();
        const version = versions[next] as Version;
        next += 1;
        await work(version);
        this.#moving -= 1;
        this.#waiting.release(1);
      }
    });
    const outcomes = await Promise.allSettled(workers);
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  /** Whoever waited for a turn must not begin when the directory may be another's. */
  #assertOpen(): void {
    if (this.#interrupted)
      throw new HoldfastError("CLOSED", "The store was closed before the checkpoint was complete.");
  }

  /** Whether commits are coming in, and the journal has room for them. */
  #givesWay(commitsBefore: number): boolean {
    const { committer, options } = this.#parts;
    return committer.commits !== commitsBefore && this.backlogBytes < options.journalLimitBytes / 2;
  }

  /** The bodies are in files now; the cache decides which stay in memory too. */
  #releaseBodies(state: CollectionState, versions: ReadonlyMap<string, Version>): void {
    for (const version of versions.values()) {
      if (version.body === undefined || version.deleted) continue;
      if (state.recent.get(version.id) !== version) continue;
      this.#parts.bodies.keep(version, version.body.toString());
      version.body = undefined;
    }
  }
}
