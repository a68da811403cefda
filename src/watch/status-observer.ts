import { systemClock } from "../files/clock.js";
import { nodeFileSystem } from "../files/node-file-system.js";
import { ownIdentity } from "../locking/process-identity.js";
import { isHoldfastError } from "../errors.js";
import { FolderHints } from "./folder-hints.js";
import { HeartbeatAge } from "./heartbeat-age.js";
import { PhaseFeed } from "./phase-feed.js";
import { readStatusFile, signOf, unreadable } from "./status-file.js";
import { locateStatusFolder, type StatusFolder } from "./status-folder.js";
import type { StartupStatus, WatchedStartupStatus } from "./startup-status.js";
import { WakeSignal } from "./wake-signal.js";
import { checkWatchOptions, type WatchStartupStatusOptions } from "./watch-options.js";
import { WriterConnection } from "./writer-connection.js";

const defaultPollIntervalMs = 500;
/** While there is nothing to watch, looking costs four failed look-ups, and the first phase should not wait. */
const absentPollIntervalMs = 100;
/** A missed heartbeat is a hiccup, two are a coincidence. */
const heartbeatsMissed = 3;
/** Stands for a version that has not been read; no file has this sign. */
const notRead = "";

/**
 * One watcher's eyes: each look reads the status file, asks whether its writer lives, and tells what is new. Looks are
 * made one at a time by whoever owns this, so a slow consumer is never behind by more than one look: what it missed is
 * in the file.
 */
export class StatusObserver {
  readonly #directory: string;
  readonly #pollIntervalMs: number;
  readonly #heartbeatBoundMs: number | undefined;
  readonly #warn: (warning: Error) => void;
  readonly #fileSystem = nodeFileSystem;
  readonly #clock = systemClock;
  readonly #wake = new WakeSignal();
  readonly #hints: FolderHints;
  readonly #connection: WriterConnection;
  readonly #heartbeat: HeartbeatAge;
  #feed: PhaseFeed | undefined;
  #status: StartupStatus | undefined;
  /** The version of the file that was read last, good or bad. */
  #readSign: string | undefined = notRead;
  #looked = false;
  /** When the files were looked at last, on the clock's elapsed time. */
  #lookedAt = -Infinity;
  /** A hint came since then. */
  #due = false;
  #folderExists = false;
  /** Where the file was at the last look. */
  #startupStatusPath: string | undefined;
  #age = 0;
  #contentProblem: Error | undefined;
  #problem: Error | undefined;

  /** @throws HoldfastError `INVALID_CONFIG` */
  constructor(directory: string, options: WatchStartupStatusOptions) {
    checkWatchOptions(directory, options);
    this.#directory = directory;
    this.#pollIntervalMs = options.pollIntervalMs ?? defaultPollIntervalMs;
    this.#heartbeatBoundMs = options.heartbeatBoundMs;
    this.#warn =
      options.onWarning ??
      ((warning) => {
        process.emitWarning(warning);
      });
    const hinted = (): void => {
      this.#due = true;
      this.#wake.notify();
    };
    const told = (): void => {
      this.#wake.notify();
    };
    this.#hints = new FolderHints(hinted, this.#warn);
    this.#connection = new WriterConnection(this.#fileSystem, ownIdentity().bootId, { gone: hinted, told });
    this.#heartbeat = new HeartbeatAge(this.#clock, 2 * this.#pollIntervalMs);
  }

  /** Why the status could not be read at the last look, if it could not. */
  get problem(): Error | undefined {
    return this.#problem;
  }

  /** Looks once, or hears what the writer has sent. @returns what is new, oldest first. */
  async look(): Promise<WatchedStartupStatus[]> {
    try {
      const news = this.#hear() ?? this.#glance() ?? (await this.#lookUnguarded());
      this.#report(this.#contentProblem);
      return news;
    } catch (error) {
      this.#report(isHoldfastError(error) ? error : unreadable(error, this.#directory));
      return [];
    } finally {
      this.#looked = true;
    }
  }

  /** Sleeps until there may be something new: a hint, the end of the writer, or the poll. */
  async wait(atMostMs: number, signal?: AbortSignal): Promise<void> {
    await this.#wake.wait(Math.max(0, Math.min(this.#untilPollMs(), atMostMs)), signal);
  }

  close(): void {
    this.#hints.close();
    this.#connection.release();
  }

  /** However much the writer sends, the files are looked at as often as without it. */
  #untilPollMs(): number {
    const pollMs = this.#folderExists ? this.#pollIntervalMs : Math.min(this.#pollIntervalMs, absentPollIntervalMs);
    return this.#lookedAt + pollMs - this.#clock.elapsed();
  }

  /**
   * What the writer sent since the last look: it takes no file to know it, and no question whether its sender lives, for
   * the connection is open. Once it has ended, only the whole look can tell what that means.
   *
   * @returns `undefined` if there is nothing that can be told without looking at the files.
   */
  #hear(): WatchedStartupStatus[] | undefined {
    if (!this.#connection.open || this.#untilPollMs() <= 0 || !this.#takeTold()) return undefined;
    const status = this.#status;
    if (status === undefined) return undefined;
    // A hint that came with it has ended the same sleep. It still wants its look.
    if (this.#due) this.#wake.notify();
    return this.#feed?.next({ status, alive: true, ageMs: 0, now: this.#clock.now() });
  }

  /**
   * Ends the look that a hint wants, if the file holds just what the writer has sent before: the usual case, and worth
   * a look of its own. For the file is read without leaving the thread, which takes less than handing it to another: it
   * is small, and in memory, as the writer is connected and so runs on this very kernel.
   *
   * @returns `undefined` if only the whole look can tell.
   */
  #glance(): WatchedStartupStatus[] | undefined {
    const path = this.#startupStatusPath;
    if (path === undefined || !this.#due || !this.#connection.open || this.#untilPollMs() <= 0) return undefined;
    try {
      if (!this.#connection.isTaken(this.#fileSystem.readFileNow(path))) return undefined;
    } catch {
      // The whole look meets the same, and says so.
      return undefined;
    }
    this.#due = false;
    this.#contentProblem = undefined;
    return [];
  }

  /** Makes what the writer sent the newest status, if it is. */
  #takeTold(): boolean {
    const told = this.#connection.takeTold();
    if (told === undefined || this.#feed?.accepts(told) !== true) return false;
    this.#status = told;
    return true;
  }

  async #lookUnguarded(): Promise<WatchedStartupStatus[]> {
    this.#due = false;
    this.#lookedAt = this.#clock.elapsed();
    const folder = await locateStatusFolder(this.#fileSystem, this.#directory);
    this.#startupStatusPath = folder.startupStatus;
    this.#folderExists = await this.#hints.follow(folder.path);
    let sign = await this.#read(folder);
    for (;;) {
      const status = this.#status;
      if (status === undefined) return [];
      const ageMs = Math.round(this.#age);
      const alive = await this.#alive(folder, status, ageMs);
      if (!alive) {
        // It may have sent or written its last word between our reading and its end: what is there now is final.
        if (this.#takeTold()) continue;
        const signNow = await this.#read(folder);
        if (signNow !== sign) {
          sign = signNow;
          continue;
        }
      }
      const news = this.#feed?.next({ status, alive, ageMs, now: this.#clock.now() });
      return news ?? [];
    }
  }

  /** Reads the file if it changed. @returns the sign of the version that is now known, `undefined` without a file. */
  async #read(folder: StatusFolder): Promise<string | undefined> {
    const file = await this.#fileSystem.status(folder.startupStatus);
    const sign = file === undefined ? undefined : signOf(file);
    // A first look has only the file's time to go by. A file that appeared while we watched is a sign of life itself.
    const firstSight = file !== undefined && !this.#looked;
    this.#age = this.#heartbeat.observe(sign, firstSight ? file.modifiedAtMs : undefined);
    if (sign === this.#readSign) return sign;
    this.#readSign = sign;
    this.#contentProblem = undefined;
    if (sign !== undefined) await this.#readContent(folder);
    return sign;
  }

  async #readContent(folder: StatusFolder): Promise<void> {
    try {
      const status = await readStatusFile(this.#fileSystem, folder.startupStatus);
      if (status === undefined) return;
      this.#feed ??= new PhaseFeed(this.#looked);
      if (this.#feed.accepts(status)) this.#status = status;
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      this.#contentProblem = error;
      // Bytes that are bad stay bad until they change; a refusal of the system may pass, so it is tried again.
      if (error.code === "INVALID_CONFIG") this.#readSign = notRead;
    }
  }

  async #alive(folder: StatusFolder, status: StartupStatus, ageMs: number): Promise<boolean> {
    if (status.phase === "stopped") {
      this.#connection.release();
      return true;
    }
    const verdict = await this.#connection.verdict(folder.aliveSocket, status);
    if (verdict !== "unknown") return verdict === "alive";
    return ageMs <= (this.#heartbeatBoundMs ?? heartbeatsMissed * status.heartbeat_interval_ms);
  }

  /** A problem is said once, however often it is met, and again if it comes back. */
  #report(problem: Error | undefined): void {
    const known = this.#problem?.message;
    this.#problem = problem;
    if (problem !== undefined && problem.message !== known) this.#warn(problem);
  }
}
