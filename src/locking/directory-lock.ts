import { join } from "node:path";
import { isHoldfastError, type HoldfastError } from "../errors.js";
import type { Clock } from "../files/clock.js";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { makeDirectories } from "../files/make-directories.js";
import { isAbsent } from "../files/node-file-system.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import { abandonClaim } from "./abandoned-claims.js";
import { probeAliveSocket, type AliveSocket } from "./alive-socket.js";
import { BoundSocket } from "./bound-socket.js";
import { claimName, createClaim, fenceOf, listClaims, type Claim } from "./claim.js";
import { judgeHolder, type Judgement, type Vacancy } from "./judge-holder.js";
import { displacedOwners, keepInSight, processGone } from "./displaced-owners.js";
import { ownIdentity, type ProcessIdentity } from "./process-identity.js";
import { waitForHolder } from "./wait-for-holder.js";
import { readWriterFile, writeWriterFile } from "./writer-file.js";

export interface LockOptions {
  readonly fileSystem: FileSystem;
  readonly layout: Layout;
  readonly clock: Clock;
  /** Who wants the directory. Default: this process. */
  readonly own?: ProcessIdentity;
  /** The store's id, if the directory has one already. */
  readonly storeId: string | null;
  /** An epoch that is known to have been, from the journal. The next one is higher, claims or not. Default 0. */
  readonly leastEpoch?: number;
  /** How long to wait for a living holder to leave, in milliseconds. */
  readonly waitMs: number;
  /** `"paused"`: take over a holder that lives but whose heartbeat is older than `staleAfterMs`. */
  readonly takeOver: "paused" | undefined;
  readonly heartbeatMs: number;
  readonly staleAfterMs: number;
  readonly onWaiting?: (holder: Claim | undefined) => void;
  /**
   * Does work that can be begun again, and makes room for it when the disk is full. Taking a directory and leaving it
   * are a few small files each: on a full disk it must still be possible, or nothing in it could be read or deleted.
   */
  readonly withRoom?: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/** How this owner came by the directory. */
export interface Takeover {
  readonly how: Vacancy | "paused";
  readonly previous: Claim | undefined;
  readonly previousEpoch: number | undefined;
  readonly waitedMs: number;
  /** Resolves when no earlier owner is left that was taken over while it lived; `undefined` if there is none such. */
  readonly predecessorGone: Promise<void> | undefined;
}

/** Claims kept behind the newest, so that a contender who was slow by a few successions still finds its number taken. */
const keptClaims = 64;

/**
 * Ownership of a state directory.
 *
 * What decides is the claim: a file `epochs/<n + 1>` that only one process can create, made by someone who found the
 * owner of epoch `n` gone. Whoever judged an older owner loses the race for a number that is taken, and looks again; so
 * a fresh owner can not be mistaken for the dead one it followed. `writer.lock/` carries the heartbeat and shows people
 * that the directory is held; nothing is decided by making or removing it.
 */
export class DirectoryLock {
  readonly claim: Claim;
  readonly takeover: Takeover;
  /** Throws `WRITER_FENCED` once another owner has claimed the directory. */
  readonly checkFence: () => void;
  readonly #options: LockOptions;
  readonly #socket: AliveSocket | undefined;
  readonly #heartbeat: NodeJS.Timeout;
  #onLost: ((error: HoldfastError) => void) | undefined;
  #lost: HoldfastError | undefined;
  #beating: Promise<void> | undefined;
  #released = false;

  private constructor(
    options: LockOptions,
    claim: Claim,
    takeover: Takeover,
    checkFence: () => void,
    socket: AliveSocket | undefined,
  ) {
    this.#options = options;
    this.claim = claim;
    this.takeover = takeover;
    this.#socket = socket;
    this.checkFence = checkFence;
    this.#heartbeat = setInterval(() => {
      this.#beat();
    }, options.heartbeatMs).unref();
  }

  /**
   * @throws HoldfastError `WRITER_LOCKED`, with pid, host and since when, if a living process holds the directory and
   * did not leave within `waitMs`.
   */
  static async acquire(options: LockOptions): Promise<DirectoryLock> {
    const { fileSystem, layout, clock, own = ownIdentity() } = options;
    await makeDirectories(fileSystem, layout.epochs);
    await makeDirectories(fileSystem, layout.status);
    const started = clock.elapsed();
    const bound = new BoundSocket(fileSystem, layout.status);
    const wait = async (judgement: Judgement, epoch: number): Promise<void> => {
      if (judgement.kind === "vacant") return;
      const { waitMs, onWaiting } = options;
      await waitForHolder(judgement, epoch, { directory: layout.root, clock, waitMs, startedAt: started, onWaiting });
    };
    try {
      for (;;) {
        const epoch = await newestEpoch(options);
        const judgement = await judgeHolder({ ...options, own }, epoch);
        const how = vacancyOf(judgement, options.takeOver);
        if (how === undefined) {
          await wait(judgement, epoch);
          continue;
        }
        if (judgement.kind === "held" && judgement.socket !== undefined) {
          await keepInSight(fileSystem, layout.status, judgement.socket, epoch);
        }
        const claim: Claim = {
          format: 1,
          storeId: options.storeId,
          epoch: epoch + 1,
          ...own,
          claimedAt: new Date(clock.now()).toISOString(),
          // Bound before the claim is made: from its first moment on, the claim's owner answers.
          socket: await bound.listen(),
        };
        if (!(await withRoom(options, () => claimDirectory(options, claim)))) {
          if (judgement.kind === "held") judgement.release();
          continue;
        }
        try {
          const takeover: Takeover = {
            how,
            previous: judgement.claim,
            previousEpoch: epoch === 0 ? undefined : epoch,
            waitedMs: Math.round(clock.elapsed() - started),
            predecessorGone: (await livingPredecessors(options, judgement, own))?.gone,
          };
          const checkFence = fenceOf(fileSystem, layout.epochs, claim.epoch);
          const lock = new DirectoryLock(options, claim, takeover, checkFence, bound.handOver());
          await lock.#show();
          return lock;
        } catch (error) {
          abandonClaim(claim);
          throw error;
        }
      }
    } finally {
      await bound.discard();
    }
  }

  /** Called once, when the heartbeat finds the directory lost; at once if it has already. */
  onLost(listener: (error: HoldfastError) => void): void {
    this.#onLost = listener;
    if (this.#lost !== undefined) listener(this.#lost);
  }

  /**
   * Sends a message over `alive.sock` to all who watch this owner: see {@link AliveSocket.send}. Not before the fence was
   * looked at: an owner that was displaced while it slept does not speak for the directory when it wakes up.
   *
   * @throws HoldfastError `WRITER_FENCED` if another owner has claimed the directory; nothing is sent then.
   */
  announce(message: Uint8Array): void {
    if (this.#socket === undefined) return;
    this.checkFence();
    this.#socket.send(message);
  }

  /**
   * Leaves in good order: the next one may come at once. The signs of our presence go first and the word that we left
   * last, so that nothing here can remove what a successor has put up.
   */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    clearInterval(this.#heartbeat);
    const { fileSystem, layout, clock } = this.#options;
    // A beat that is under way would put the lock up again.
    await this.#beating;
    try {
      if (this.#stillOwner()) {
        await this.#removeLock();
        if (this.#socket !== undefined) await removeIfPresent(fileSystem, layout.aliveSocket);
        const releasedAt = new Date(clock.now()).toISOString();
        await withRoom(this.#options, () => writeWriterFile(fileSystem, layout.writer, this.claim, releasedAt));
      }
    } catch (error) {
      abandonClaim(this.claim);
      throw error;
    } finally {
      await this.#socket?.close();
    }
  }

  #stillOwner(): boolean {
    try {
      this.checkFence();
      return true;
    } catch (error) {
      if (isHoldfastError(error, "WRITER_FENCED")) return false;
      throw error;
    }
  }

  /** Shows others that the directory is held. If that fails it is given back. */
  async #show(): Promise<void> {
    const { fileSystem, layout } = this.#options;
    try {
      if (this.claim.socket !== null) {
        await fileSystem.rename(join(layout.status, this.claim.socket.name), layout.aliveSocket);
      }
      await withRoom(this.#options, () => this.#refreshLock());
      await withRoom(this.#options, () => writeWriterFile(fileSystem, layout.writer, this.claim));
      await this.#prune();
    } catch (error) {
      this.#released = true;
      clearInterval(this.#heartbeat);
      await this.#socket?.close();
      throw error;
    }
  }

  async #refreshLock(): Promise<void> {
    const { fileSystem, layout, clock } = this.#options;
    try {
      await fileSystem.makeDirectory(layout.writerLock);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    await fileSystem.touch(layout.writerLock, new Date(clock.now()));
  }

  async #removeLock(): Promise<void> {
    const { fileSystem, layout } = this.#options;
    try {
      await fileSystem.removeDirectory(layout.writerLock);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }

  #beat(): void {
    this.#beating ??= this.#renew().finally(() => {
      this.#beating = undefined;
    });
  }

  async #renew(): Promise<void> {
    try {
      this.checkFence();
      await this.#refreshLock();
    } catch (error) {
      if (isHoldfastError(error, "WRITER_FENCED")) {
        clearInterval(this.#heartbeat);
        this.#lost = error;
        this.#onLost?.(error);
        return;
      }
      // A heartbeat that can not be written endangers nothing: the fence, not the heartbeat, keeps others out. It does
      // mean that the disk refuses writes, which the next commit will say with its full reason.
      process.emitWarning(
        `Holdfast could not renew its heartbeat (${this.#options.layout.writerLock}): ${String(error)}`,
      );
    }
  }

  /** Removes claims nobody can need any more, oldest first: see {@link fenceOf}. And sockets whose owners died early. */
  async #prune(): Promise<void> {
    const { fileSystem, layout } = this.#options;
    for (const epoch of await listClaims(fileSystem, layout.epochs)) {
      if (epoch > this.claim.epoch - keptClaims) break;
      await removeIfPresent(fileSystem, join(layout.epochs, claimName(epoch)));
    }
    for (const { name } of await fileSystem.readDirectory(layout.status)) {
      if (!BoundSocket.isName(name)) continue;
      const liveness = await probeAliveSocket(join(layout.status, name));
      if (liveness.verdict === "alive") liveness.release();
      if (liveness.verdict === "dead") await removeIfPresent(fileSystem, join(layout.status, name));
    }
  }
}

function withRoom<Result>(options: LockOptions, work: () => Promise<Result>): Promise<Result> {
  return options.withRoom === undefined ? work() : options.withRoom(work);
}

function vacancyOf(judgement: Judgement, takeOver: "paused" | undefined): Vacancy | "paused" | undefined {
  if (judgement.kind === "vacant") return judgement.why;
  return judgement.paused && takeOver === "paused" ? "paused" : undefined;
}

/** The newest epoch that anything speaks of: should the claims have been removed, numbers still only grow. */
async function newestEpoch({ fileSystem, layout, leastEpoch = 0 }: LockOptions): Promise<number> {
  const claims = await listClaims(fileSystem, layout.epochs);
  const writer = await readWriterFile(fileSystem, layout.writer);
  return Math.max(claims.at(-1) ?? 0, writer?.epoch ?? 0, leastEpoch);
}

/** What tells when no earlier owner is left that was taken over while it lived; `undefined` if there is none such. */
async function livingPredecessors(
  { fileSystem, layout }: LockOptions,
  judgement: Judgement,
  own: ProcessIdentity,
): Promise<{ readonly gone: Promise<void> } | undefined> {
  const displaced = await displacedOwners(fileSystem, layout.status);
  if (judgement.kind === "vacant") return displaced;
  // Its socket may not have got a second name: then the connection that is still open tells.
  const last = judgement.gone ?? (judgement.socket === undefined ? processGone(judgement.claim, own) : undefined);
  return { gone: Promise.all([displaced?.gone, last]).then(() => undefined) };
}

/**
 * Makes the claim of an epoch, and looks whether it is the newest. A claim that was made late, by a process that slept
 * through so many successions that its number had been given back, is none.
 *
 * It is then taken back, so that nobody finds an old number in use; unless the claim before it is still there. Then it
 * was good when it was made, another has claimed on top of it already, and it must stay: it is what fences the owner
 * before. (Old claims go oldest first, so a number that was given back has none before it.)
 *
 * @returns whether the directory is ours.
 */
async function claimDirectory({ fileSystem, layout }: LockOptions, claim: Claim): Promise<boolean> {
  if (!(await createClaim(fileSystem, layout.epochs, claim))) return false;
  // Whatever was newest when ours was made is there now, or newer ones are: the newest claim is never removed.
  if ((await listClaims(fileSystem, layout.epochs)).at(-1) === claim.epoch) return true;
  if (!fileSystem.existsNow(join(layout.epochs, claimName(claim.epoch - 1)))) {
    await removeIfPresent(fileSystem, join(layout.epochs, claimName(claim.epoch)));
  }
  return false;
}
