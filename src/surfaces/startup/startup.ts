import { randomUUID } from "node:crypto";
import type { ListOptions, Page, Store } from "../../collections/index.js";
import { HoldfastError, isHoldfastError } from "../../errors.js";
import { systemClock, type Clock } from "../../files/clock.js";
import { nodeFileSystem } from "../../files/node-file-system.js";
import { ownIdentity } from "../../locking/process-identity.js";
import type { RecoveryReport } from "../../store/recovery-report.js";
import { previousRunOf } from "../../watch/previous-run.js";
import type { RecoverySummary, StartupStatus, StartupTransition } from "../../watch/startup-status.js";
import { statusLine } from "../../watch/status-file.js";
import { LatestWriter } from "./latest-writer.js";
import { nextStatus, type RunIdentity, type StatusPosition } from "./next-status.js";
import { readPreviousStatus, type PreviousStatus } from "./previous-status.js";
import { publishedPhase, type StartupStoreCondition } from "./published-phase.js";
import { recoverySummaryOf } from "./recovery-summary.js";
import { StartupHistory } from "./startup-history.js";
import type { StartupOptions } from "./startup-options.js";
import { checkReport, longestText, type StartupReport } from "./startup-report.js";
import { StatusFileWriter } from "./status-file-writer.js";

const defaultHeartbeatIntervalMs = 2000;

/**
 * The startup status of the process that owns a state directory, as it tells it to the world: through
 * `status/startup.json`, outside the journal, so that it speaks during recovery and when the journal is broken.
 *
 * The state in memory always goes ahead; the file follows with one replace at a time. Reports made meanwhile share the
 * next one, and no change of phase is lost by that, since the file carries them all.
 *
 * Who is connected to this process is told at once, before the flush of the file, which takes longer than all the rest
 * and is what the reporting caller waits for. A report that was seen and whose file was lost in a crash is no
 * contradiction: the process did report it, its watchers see it end, and the next run follows on what the file says.
 */
export class Startup {
  readonly #run: RunIdentity;
  readonly #clock: Clock;
  readonly #onWarning: (warning: Error) => void;
  readonly #file: StatusFileWriter;
  readonly #announce: (line: Uint8Array) => void;
  readonly #announcements = new LatestWriter(() => this.#tellWatchers());
  readonly #fileQueue = new LatestWriter(() => this.#writeFile());
  readonly #historyQueue = new LatestWriter(() => this.#writeHistory());
  #heartbeat: NodeJS.Timeout | undefined;
  #reported: StartupReport;
  #condition: StartupStoreCondition = { state: "open" };
  #recovery: RecoverySummary | undefined;
  #status: StartupStatus;
  #history: StartupHistory | undefined;
  /** Another process owns the directory: nothing is written any more. */
  #fenced: HoldfastError | undefined;
  /** The file lacks something, because writing it failed; the heartbeat tries again. */
  #behind = false;
  #beating = false;
  #warned: string | undefined;
  #failures = 0;
  #closing: Promise<void> | undefined;

  /**
   * Announces a new run: phase `starting`, a new run id, and how the previous run ended. To be called right after the
   * directory was claimed and before recovery, when `alive.sock` is this process's own or is not there at all: the status
   * names the socket it finds, and watchers expect its writer behind that one.
   *
   * @returns once the status is durable.
   * @throws HoldfastError `STORAGE_FULL`, `STORAGE_FAILED`, `READ_ONLY` or `INVALID_CONFIG` if it can not be written. The
   * previous run's status then still stands, and watchers see that its socket is not its own any more.
   */
  static async begin(options: StartupOptions): Promise<Startup> {
    const { layout, epoch, fileSystem = nodeFileSystem } = options;
    const previous = await readPreviousStatus(fileSystem, layout.startupStatus, epoch);
    const socket = await fileSystem.status(layout.aliveSocket);
    const startup = new Startup(options, previous, socket?.kind === "socket" ? socket.inode : undefined);
    await startup.#fileQueue.request();
    startup.#heartbeat = setInterval(startup.#beat, startup.#run.heartbeat_interval_ms).unref();
    return startup;
  }

  private constructor(options: StartupOptions, previous: PreviousStatus, aliveSocketInode: number | undefined) {
    const { layout, epoch, host, pid, writeFile, fileSystem = nodeFileSystem, clock = systemClock } = options;
    const heartbeatIntervalMs = options.heartbeatIntervalMs ?? defaultHeartbeatIntervalMs;
    this.#clock = clock;
    this.#announce = options.announce ?? (() => undefined);
    this.#onWarning =
      options.onWarning ??
      ((warning) => {
        process.emitWarning(warning);
      });
    this.#file = new StatusFileWriter({ path: layout.startupStatus, epoch, fileSystem, clock, writeFile });
    const runId = randomUUID();
    const { bootId } = (options.identity ?? ownIdentity)();
    this.#run = {
      run_id: runId,
      boot_count: epoch,
      pid,
      host,
      ...(bootId === null ? {} : { boot_id: bootId }),
      ...(aliveSocketInode === undefined ? {} : { alive_socket_inode: aliveSocketInode }),
      started_at: this.#now(),
      heartbeat_interval_ms: heartbeatIntervalMs,
      previous_run: previousRunOf(previous.transitions, runId),
    };
    const unknownEnd =
      previous.problem === undefined ? "" : ` How the previous run ended is not known: ${previous.problem}`;
    this.#reported = { phase: "starting", message: `Starting.${unknownEnd}`.slice(0, longestText) };
    const { sequence, transitions } = previous;
    this.#status = this.#following({ sequence, report: 0, phase: undefined, transitions: [...transitions] });
  }

  /** The newest status, on disk or about to be: the caller's own copy. */
  get current(): StartupStatus {
    return structuredClone(this.#status);
  }

  /** How many times the file, the heartbeat or the history could not be written. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * Reports where the router stands. Counts of models and the embedding provider stay until they are given again; all
   * other details hold for this report alone.
   *
   * @returns once a file that includes this report is durable. Reports made meanwhile share it.
   * @throws HoldfastError `INVALID_DOCUMENT` with every problem listed, a phase that can not follow the last one among
   * them, and nothing changed; `CLOSED` once the run has stopped. `STORAGE_FULL` and `STORAGE_FAILED` if the file could
   * not be replaced: the report holds all the same, and is written as soon as that works again. `WRITER_FENCED` if
   * another process owns the directory by now.
   */
  async report(report: StartupReport): Promise<void> {
    const { ready_models, total_models, embedding_provider } = this.#reported;
    const checked = checkReport(report, this.#reported);
    this.#reported = { ready_models, total_models, embedding_provider, ...checked };
    await this.#publish();
  }

  /** Adds how recovery went. After a loss, `ready` is published as `degraded`, still ready. Rejects as {@link report}. */
  async recovered(report: RecoveryReport): Promise<void> {
    this.#recovery = recoverySummaryOf(report);
    await this.#publish();
  }

  /**
   * Takes note of how the store is: a failed one makes the phase `error`, a full disk `degraded` until there is space, and
   * a fenced one ends all writing, for the directory belongs to another process. Failures to say so go to `onWarning`.
   */
  storeCondition(condition: StartupStoreCondition): void {
    if (condition.state === "closed" || condition.state === this.#condition.state) return;
    if (condition.state === "fenced") {
      this.#fence(
        new HoldfastError("WRITER_FENCED", "Another process took over the state directory.", {
          cause: condition.error,
        }),
      );
      return;
    }
    this.#condition = condition;
    this.#publish().catch(this.#warn);
  }

  /**
   * Keeps every change of phase as a document from here on, those made before included. Failures do not reach the
   * status: they go to `onWarning`, and what is missing is recorded with the next change, or by the next run.
   *
   * @returns once what there is has been recorded, or has failed to be.
   */
  async attach(store: Store): Promise<void> {
    this.#history = new StartupHistory(store);
    await this.#historyQueue.request().catch(this.#warn);
  }

  /**
   * Lists the changes of phase of all runs that are kept.
   *
   * @throws HoldfastError `CLOSED` while no store is attached, and those of `Collection.list`.
   */
  async history(options: ListOptions = {}): Promise<Page<StartupTransition>> {
    if (this.#history === undefined) {
      throw new HoldfastError("CLOSED", "The history of startup transitions can be read once the store is open.");
    }
    return await this.#history.list(options);
  }

  /** Reports phase `stopping`. Rejects as {@link report}. */
  async stopping(message = "Stopping."): Promise<void> {
    await this.report({ phase: "stopping", message });
  }

  /**
   * Reports phase `stopped` and ends the heartbeat. To be called when everything else has been closed and before the
   * alive socket is: a watcher reads the file when the socket goes. Can be called again.
   *
   * @throws HoldfastError as {@link report}: then watchers take the run for crashed. Nothing if it was fenced: there is
   * nothing left to say here.
   */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#heartbeat);
    try {
      if (this.#fenced === undefined && this.#reported.phase !== "stopped") {
        const { phase, message = "it gave no reason" } = this.#status;
        const said = phase === "error" ? `Stopped after an error: ${message}` : "Stopped.";
        await this.report({ phase: "stopped", message: said.slice(0, longestText) });
      }
    } finally {
      await Promise.all([this.#fileQueue.idle(), this.#historyQueue.idle()]);
    }
  }

  async #publish(): Promise<void> {
    this.#status = this.#following(this.#status);
    if (this.#history !== undefined && this.#fenced === undefined) this.#historyQueue.request().catch(this.#warn);
    this.#announcements.request().catch(this.#warn);
    await this.#fileQueue.request();
  }

  /** The status after the one at `before`, from what was reported and what is known of the store. */
  #following(before: StatusPosition): StartupStatus {
    const published = publishedPhase(this.#reported, this.#recovery, this.#condition);
    return nextStatus(this.#run, before, this.#reported, published, this.#recovery, this.#now());
  }

  /** Reports of one turn are told as one. */
  #tellWatchers(): Promise<void> {
    if (this.#fenced !== undefined) return Promise.resolve();
    try {
      this.#announce(statusLine(this.#status));
      return Promise.resolve();
    } catch (error) {
      if (isHoldfastError(error, "WRITER_FENCED")) this.#fence(error);
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #writeFile(): Promise<void> {
    if (this.#fenced !== undefined) throw this.#fenced;
    try {
      await this.#file.write(this.#status);
      this.#behind = false;
      this.#warned = undefined;
    } catch (error) {
      this.#behind = true;
      if (isHoldfastError(error, "WRITER_FENCED")) this.#fence(error);
      throw error;
    }
  }

  async #writeHistory(): Promise<void> {
    try {
      await this.#history?.record(this.#status.transitions);
    } catch (error) {
      // A store that is closed first is the normal end: the file remembers, and the next run records it.
      if (isHoldfastError(error, "CLOSED")) this.#history = undefined;
      else throw error;
    }
  }

  readonly #beat = (): void => {
    // A slow disk must not pile up beats, and a write is a sign of life itself.
    if (this.#beating || this.#fileQueue.busy || this.#fenced !== undefined) return;
    this.#beating = true;
    this.#renew()
      .catch(this.#warn)
      .finally(() => {
        this.#beating = false;
      });
  };

  async #renew(): Promise<void> {
    try {
      if (this.#behind || !(await this.#file.touch())) {
        this.#status = { ...this.#status, heartbeat_at: this.#now() };
        await this.#fileQueue.request();
      }
    } catch (error) {
      if (isHoldfastError(error, "WRITER_FENCED")) this.#fence(error);
      throw error;
    }
  }

  #fence(error: HoldfastError): void {
    if (this.#fenced !== undefined) return;
    this.#fenced = error;
    clearInterval(this.#heartbeat);
    this.#condition = { state: "fenced", error };
    this.#status = this.#following(this.#status);
  }

  /** Failures nobody waits for. Each beat would say the same again, so it is said once until something succeeds. */
  readonly #warn = (error: unknown): void => {
    this.#failures += 1;
    const warning = error instanceof Error ? error : new Error(String(error));
    if (warning.message === this.#warned) return;
    this.#warned = warning.message;
    this.#onWarning(warning);
  };

  #now(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}
