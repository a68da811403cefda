import { setTimeout as delay } from "node:timers/promises";
import { HoldfastError, isHoldfastError } from "../errors.js";
import type { Clock } from "../files/clock.js";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { isAbsent } from "../files/node-file-system.js";
import { watchDirectory, type DirectoryWatch } from "../files/watch-directory.js";
import { JournalFollower } from "../journal/follow-journal.js";
import type { CommitRecord } from "../journal/record.js";
import type { ChangeLog } from "./change-log.js";
import { Pack, type ClockCache } from "../packs/index.js";
import { checkpointSchema, type Checkpoint } from "./checkpoint-file.js";
import type { CollectionState } from "./collection-state.js";
import { storedKeys } from "./index-keys.js";
import type { RoleMetrics, StoreRole } from "./directory-store.js";
import { readHistory } from "./history.js";
import type { LoadedState } from "./loaded-state.js";
import { PackSet } from "./pack-set.js";
import { readSealed } from "./manifest.js";
import type { CollectionRegistry } from "./registry.js";
import { originOf } from "./unreadable-version.js";
import { tombstoneOf, versionOfPut } from "./version.js";

export interface ReaderParts {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly layout: Layout;
  readonly registry: CollectionRegistry;
  readonly changes: ChangeLog;
  readonly storeId: string;
  readonly cache: ClockCache;
  readonly loaded: LoadedState;
  /** Whether the directory has no living owner. */
  readonly isAbandoned: () => Promise<boolean>;
  /** Reads the whole directory again. */
  readonly load: () => Promise<LoadedState>;
}

const pollMs = 250;
const patienceMs = 50;
const catchUpPauseMs = 5;
const longestCatchUpMs = 1_000;

/**
 * Keeps a reader's picture up to date. An event of the system only means "look": what happened, in which order and how
 * often comes from sequence numbers; and under the events lies a slow poll, since they get lost.
 */
export class Reader implements StoreRole {
  readonly mode = "reader";
  readonly #parts: ReaderParts;
  #follower: JournalFollower;
  #watch: DirectoryWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  /** The newest commit that no watermark covers, and since when it stands there. */
  #uncovered: { readonly last: number; readonly since: number } | undefined;
  #closed = false;
  /** How many want bodies to stay in memory; see {@link holdBodies}. */
  #holds = 0;
  #commits = 0;
  #operations = 0;
  #checkpointSequence: number;
  /** The packs that are taken in, as the checkpoint lists them. */
  #listed: string;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    const { journal, lastSequence, checkpoint } = parts.loaded;
    this.#follower = this.#followerFrom(journal.segments.at(-1), lastSequence);
    this.#checkpointSequence = checkpoint.state === "present" ? checkpoint.content.sequence : 0;
    this.#listed = JSON.stringify(checkpoint.state === "present" ? checkpoint.content.packs : {});
  }

  start(): void {
    this.#watch = watchDirectory(this.#parts.layout.journal, {
      changed: () => {
        this.#lookInBackground();
      },
      // The poll goes on without hints.
      failed: () => {
        this.#watch = undefined;
      },
    });
    this.#timer = setInterval(() => {
      this.#lookInBackground();
    }, pollMs).unref();
  }

  lastSequence(): number {
    return this.#follower.lastSequence;
  }

  metrics(): RoleMetrics {
    return {
      commits: this.#commits,
      operations: this.#operations,
      batches: 0,
      checkpoints: 0,
      journalBytes: 0,
      journalSegments: 0,
      checkpointSequence: this.#checkpointSequence,
      merging: false,
      checkingHistory: false,
    };
  }

  checkpoint(): Promise<void> {
    return Promise.reject(new HoldfastError("READ_ONLY", "The state directory was opened for reading."));
  }

  compact(): Promise<void> {
    return this.checkpoint();
  }

  async close(beforeRelease: () => Promise<void>): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#watch?.close();
    // What it fails with has been told by whoever began it.
    await this.#looking?.then(undefined, () => undefined);
    await beforeRelease();
  }

  /** Takes in what has become durable by now. Calls that come while one looks share the next look. */
  async look(): Promise<void> {
    if (this.#looking !== undefined) {
      this.#lookAgain = true;
      await this.#looking;
      return;
    }
    await this.#exclusively(() => this.#lookUntilQuiet());
  }

  async #exclusively(work: () => Promise<void>): Promise<void> {
    // Whether the other work succeeds is for whoever began it.
    while (this.#looking !== undefined) await this.#looking.then(undefined, () => undefined);
    this.#looking = work().finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
  }

  /**
   * Looks until all is covered that the journal held when it began: whoever was told by the owner that a commit is
   * durable, and opens a reader then, finds it, though its watermark follows some milliseconds later. What a paused
   * owner never acknowledged is not waited for longer than the longest pause.
   */
  async catchUp(): Promise<void> {
    await this.look();
    const target = this.#follower.lastUncovered ?? 0;
    const deadline = this.#parts.clock.elapsed() + longestCatchUpMs;
    while (this.#follower.lastSequence < target && this.#parts.clock.elapsed() < deadline) {
      await delay(catchUpPauseMs);
      await this.look();
    }
  }

  /**
   * Takes in what has become durable, and then calls `work`, at a moment at which the documents are those of
   * {@link lastSequence}: while the picture is taken anew from the files they are not.
   */
  async atRest<Result>(work: () => Result): Promise<Result> {
    const results: Result[] = [];
    await this.#exclusively(async () => {
      await this.#lookUntilQuiet();
      results.push(work());
    });
    return results[0] as Result;
  }

  /**
   * Keeps the body of every commit taken in from now on in memory, also when a checkpoint has moved it into a file: that
   * file is the owner's to replace. @returns how to end that.
   */
  holdBodies(): () => void {
    this.#holds += 1;
    return () => {
      this.#holds -= 1;
    };
  }

  /** Takes the whole picture anew from the files. */
  async reload(): Promise<void> {
    await this.#exclusively(() => this.#bridge());
    this.#parts.changes.announce();
  }

  #lookInBackground(): void {
    if (this.#closed) return;
    this.look().catch((error: unknown) => {
      // A directory that is being replaced, or a disk that can not be read: the next look tries again, and whoever
      // reads a document meanwhile is told.
      process.emitWarning(`Holdfast could not follow ${this.#parts.layout.journal}: ${String(error)}`);
    });
  }

  async #lookUntilQuiet(): Promise<void> {
    let asked: boolean;
    do {
      this.#lookAgain = false;
      await this.#lookOnce();
      asked = this.#wasAskedAgain();
    } while (asked);
  }

  #wasAskedAgain(): boolean {
    return this.#lookAgain && !this.#closed;
  }

  async #lookOnce(): Promise<void> {
    const { changes } = this.#parts;
    let outcome: "current" | "gap";
    try {
      outcome = await this.#follower.poll((commit) => {
        this.#take(commit);
      });
    } catch (error) {
      if (!isAbsent(error)) throw error;
      outcome = "gap";
    }
    if (outcome === "gap") await this.#bridge();
    await this.#takeFromDeadOwner();
    changes.announce();
    await this.#noteCheckpoint();
  }

  /**
   * The last commits of an owner that died have no watermark. Whether it died is asked only when they have stood there
   * for a while: a living one covers them within milliseconds, and should not be asked at each of its commits.
   */
  async #takeFromDeadOwner(): Promise<void> {
    const last = this.#follower.lastUncovered;
    if (last === undefined) return;
    const now = this.#parts.clock.elapsed();
    if (this.#uncovered?.last !== last) this.#uncovered = { last, since: now };
    if (this.#timer !== undefined && now - this.#uncovered.since < patienceMs) return;
    if (!(await this.#parts.isAbandoned())) {
      this.#uncovered = { last, since: now };
      return;
    }
    await this.#follower.takeUncovered((commit) => {
      this.#take(commit);
    });
  }

  /**
   * A segment went before it was read to its end, or is damaged. The picture is taken anew from the files; followers of
   * changes are given what the journal as a whole still tells, and if it no longer tells all, `COMPACTED`.
   */
  async #bridge(): Promise<void> {
    const { registry, changes } = this.#parts;
    const before = this.#follower.lastSequence;
    const loaded = await this.#parts.load();
    for (const state of loaded.states.values()) {
      const present = registry.open(state.name);
      this.#retireInBackground(present.adopt(state));
      registry.refresh(present);
    }
    for (const state of registry.all()) if (!loaded.states.has(state.name)) this.#retireInBackground(state.clear());
    const missed = await this.#historyBetween(before, loaded.lastSequence);
    for (const commit of missed ?? []) {
      changes.push({
        ...commit,
        operations: commit.operations.map((operation) => JSON.stringify(operation)).join(","),
      });
    }
    if (missed === undefined) changes.skipTo(loaded.lastSequence);
    this.#follower = this.#followerFrom(loaded.journal.segments.at(-1), loaded.lastSequence);
  }

  /** Not waited for: who still reads from these packs, such as a backup, may itself be waiting for this look. */
  #retireInBackground(packs: readonly Pack[]): void {
    for (const pack of packs) {
      pack.retire().catch((error: unknown) => {
        process.emitWarning(`Holdfast could not close ${pack.path}, which it reads no longer: ${String(error)}`);
      });
    }
  }

  /** @returns `undefined` if the journal no longer has all of it. */
  async #historyBetween(from: number, to: number): Promise<CommitRecord[] | undefined> {
    const { fileSystem, layout, storeId } = this.#parts;
    const commits: CommitRecord[] = [];
    try {
      for (let last = from; last < to;) {
        const next = await readHistory(fileSystem, layout, storeId, last, to);
        commits.push(...next);
        const reached = next.at(-1)?.sequence;
        if (reached === undefined) return commits;
        last = reached;
      }
      return commits;
    } catch (error) {
      if (isAbsent(error) || isHoldfastError(error, "COMPACTED")) return undefined;
      throw error;
    }
  }

  #take(commit: CommitRecord): void {
    const { registry, changes } = this.#parts;
    this.#commits += 1;
    const bodies: string[] = [];
    for (const operation of commit.operations) {
      this.#operations += 1;
      const state = registry.open("put" in operation ? operation.put : operation.delete);
      if ("delete" in operation) {
        const former = originOf(state.find(operation.id));
        state.acknowledge(tombstoneOf(former, operation.id, operation.revision, commit.sequence, commit.time));
      } else {
        const body = JSON.stringify(operation.body);
        const version = versionOfPut(operation, body, commit.sequence, commit.time, []);
        version.keys = storedKeys(state.definition, version, body);
        if (!state.supersedes(version)) state.acknowledge(version);
      }
      bodies.push(JSON.stringify(operation));
    }
    changes.push({ sequence: commit.sequence, time: commit.time, operations: bodies.join(",") });
  }

  /**
   * Takes in the packs that the newest checkpoint lists, also while bodies are held: for one who finds a loose file gone
   * whose document has no newer version, and which must therefore be in a pack by now.
   */
  async takeInPacks(): Promise<void> {
    await this.#exclusively(async () => {
      await this.#takeInListed();
    });
  }

  /** What a checkpoint has moved into files need not be kept in memory. */
  async #noteCheckpoint(): Promise<void> {
    if (this.#holds > 0) return;
    const { registry } = this.#parts;
    const sequence = await this.#takeInListed();
    if (sequence === undefined) return;
    this.#checkpointSequence = sequence;
    for (const state of registry.all()) {
      for (const [id, version] of state.dirty) {
        if (version.sequence > sequence) continue;
        version.body = undefined;
        state.dirty.delete(id);
      }
    }
  }

  /** @returns the checkpoint's sequence number if there was something new about it that could be taken in. */
  async #takeInListed(): Promise<number | undefined> {
    const { fileSystem, layout, registry } = this.#parts;
    const checkpoint = await readSealed(fileSystem, layout.checkpoint, checkpointSchema);
    // Files that are ahead of what was taken in are looked at when it has caught up.
    if (checkpoint.state !== "present" || checkpoint.content.sequence > this.lastSequence()) return undefined;
    const { sequence, packs } = checkpoint.content;
    // A merge changes the packs and not the commit.
    const listed = JSON.stringify(packs);
    if (sequence <= this.#checkpointSequence && listed === this.#listed) return undefined;
    for (const name of Object.keys(packs)) registry.open(name);
    try {
      for (const state of registry.all()) await this.#repack(state, packs[state.name], sequence);
    } catch (error) {
      // The next checkpoint or merge has taken a pack away before it was opened: the next look finds the new list.
      if (isAbsent(error)) return undefined;
      throw error;
    }
    this.#listed = listed;
    return sequence;
  }

  /** Takes in the packs of a collection as the checkpoint lists them; what they hold need not be in memory. */
  async #repack(
    state: CollectionState,
    listed: Checkpoint["packs"][string] | undefined,
    sequence: number,
  ): Promise<void> {
    const { fileSystem, layout, storeId, cache, registry } = this.#parts;
    const former = state.packs.packs;
    const opened: Pack[] = [];
    const packs: Pack[] = [];
    try {
      for (const { lo, hi, packChecksum } of listed?.list ?? []) {
        // Of a damaged pack the owner makes another one under its name, of what can be read.
        const present = former.find(
          ({ summary }) => summary.lo === lo && summary.hi === hi && summary.packChecksum === packChecksum,
        );
        const options = {
          fileSystem,
          directory: layout.packs(state.name),
          storeId,
          collection: state.name,
          lo,
          hi,
          cache,
        };
        const pack = present ?? (await Pack.open(options));
        if (present === undefined) opened.push(pack);
        packs.push(pack);
      }
    } catch (error) {
      for (const pack of opened) await pack.retire();
      throw error;
    }
    if (opened.length === 0 && packs.length === former.length) return;
    const set = new PackSet(packs, listed?.documents ?? 0);
    const moved = [...state.recent.values()].filter(
      (version) => version.sequence <= sequence && set.supersedes(version),
    );
    state.repack(set, moved);
    const replaced = former.filter((pack) => !packs.includes(pack));
    // Salvaged, or merged: what could not be read is left out, and nobody says how much that was.
    if (replaced.length > 0) state.countAnew();
    this.#retireInBackground(replaced);
    registry.refresh(state);
  }

  #followerFrom(segment: string | undefined, lastSequence: number): JournalFollower {
    return new JournalFollower(this.#parts.fileSystem, this.#parts.layout.journal, segment, lastSequence);
  }
}
