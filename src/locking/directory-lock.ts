import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { HoldfastError } from "../errors.js";
import type { Clock } from "../files/clock.js";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { makeDirectories } from "../files/make-directories.js";
import { isAbsent } from "../files/node-file-system.js";
import { AliveSocket, probeAliveSocket } from "./alive-socket.js";
import { claimName, createClaim, fenceOf, listClaims, type Claim } from "./claim.js";
import { judgeHolder, type Judgement, type Vacancy } from "./judge-holder.js";
import { ownIdentity, runsHere, type ProcessIdentity } from "./process-identity.js";
import { writeWriterFile } from "./writer-file.js";

export interface LockOptions {
  readonly fileSystem: FileSystem;
  readonly layout: Layout;
  readonly clock: Clock;
  /** The store's id, if the directory has one already. */
  readonly storeId: string | null;
  /** How long to wait for a living holder to leave, in milliseconds. */
  readonly waitMs: number;
  /** `"paused"`: take over a holder that lives but whose heartbeat is older than `staleAfterMs`. */
  readonly takeOver: "paused" | undefined;
  readonly heartbeatMs: number;
  readonly staleAfterMs: number;
  readonly onWaiting?: (holder: Claim | undefined) => void;
}

/** How this owner came by the directory. */
export interface Takeover {
  readonly how: Vacancy | "paused";
  readonly previous: Claim | undefined;
  readonly previousEpoch: number | undefined;
  readonly waitedMs: number;
  /** Resolves when the holder that was taken over while it lived is gone; `undefined` if none was. */
  readonly predecessorGone: Promise<void> | undefined;
}

const keptClaims = 8;
const pollMs = 100;

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
  #released = false;

  private constructor(options: LockOptions, claim: Claim, takeover: Takeover, socket: AliveSocket | undefined) {
    this.#options = options;
    this.claim = claim;
    this.takeover = takeover;
    this.#socket = socket;
    this.checkFence = fenceOf(options.fileSystem, options.layout.epochs, claim.epoch);
    this.#heartbeat = setInterval(() => {
      this.#beat();
    }, options.heartbeatMs).unref();
  }

  /**
   * @throws HoldfastError `WRITER_LOCKED`, with pid, host and since when, if a living process holds the directory and
   * did not leave within `waitMs`.
   */
  static async acquire(options: LockOptions): Promise<DirectoryLock> {
    const { fileSystem, layout, clock } = options;
    await makeDirectories(fileSystem, layout.epochs);
    await makeDirectories(fileSystem, layout.status);
    const own = ownIdentity();
    const started = clock.elapsed();
    const bound = new BoundSocket(fileSystem, layout.status);
    try {
      for (;;) {
        const epoch = (await listClaims(fileSystem, layout.epochs)).at(-1) ?? 0;
        const judgement = await judgeHolder({ ...options, own }, epoch);
        const how = vacancyOf(judgement, options.takeOver);
        if (how === undefined) {
          await waitForHolder(judgement, options, started, epoch);
          continue;
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
        if (!(await createClaim(fileSystem, layout.epochs, claim))) {
          if (judgement.kind === "held") judgement.release();
          continue;
        }
        const takeover: Takeover = {
          how,
          previous: judgement.claim,
          previousEpoch: epoch === 0 ? undefined : epoch,
          waitedMs: Math.round(clock.elapsed() - started),
          predecessorGone: judgement.kind === "held" ? goneOf(judgement, own) : undefined,
        };
        const lock = new DirectoryLock(options, claim, takeover, bound.handOver());
        await lock.#publish();
        return lock;
      }
    } finally {
      await bound.discard();
    }
  }

  /** Called once, when the heartbeat finds the directory lost. */
  onLost(listener: (error: HoldfastError) => void): void {
    this.#onLost = listener;
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
    try {
      if (this.#stillOwner()) {
        await removeIfPresent(() => fileSystem.removeDirectory(layout.writerLock));
        if (this.#socket !== undefined) await removeIfPresent(() => fileSystem.remove(layout.aliveSocket));
        await writeWriterFile(fileSystem, layout.writer, this.claim, new Date(clock.now()).toISOString());
      }
    } finally {
      await this.#socket?.close();
    }
  }

  #stillOwner(): boolean {
    try {
      this.checkFence();
      return true;
    } catch (error) {
      if (error instanceof HoldfastError) return false;
      throw error;
    }
  }

  async #publish(): Promise<void> {
    const { fileSystem, layout } = this.#options;
    if (this.claim.socket !== null)
      await fileSystem.rename(join(layout.status, this.claim.socket.name), layout.aliveSocket);
    await this.#refreshLock();
    await writeWriterFile(fileSystem, layout.writer, this.claim);
    await this.#prune();
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

  #beat(): void {
    try {
      this.checkFence();
    } catch (error) {
      clearInterval(this.#heartbeat);
      if (error instanceof HoldfastError) this.#onLost?.(error);
      return;
    }
    this.#refreshLock().catch((error: unknown) => {
      // A heartbeat that can not be written endangers nothing: the fence, not the heartbeat, keeps others out. It does
      // mean that the disk refuses writes, which the next commit will say with its full reason.
      process.emitWarning(
        `Holdfast could not renew its heartbeat (${this.#options.layout.writerLock}): ${String(error)}`,
      );
    });
  }

  /** Removes claims nobody can need any more, oldest first: see {@link fenceOf}. And sockets whose owners died early. */
  async #prune(): Promise<void> {
    const { fileSystem, layout } = this.#options;
    for (const epoch of await listClaims(fileSystem, layout.epochs)) {
      if (epoch > this.claim.epoch - keptClaims) break;
      await removeIfPresent(() => fileSystem.remove(join(layout.epochs, claimName(epoch))));
    }
    for (const { name } of await fileSystem.readDirectory(layout.status)) {
      if (!BoundSocket.isName(name)) continue;
      const liveness = await probeAliveSocket(join(layout.status, name));
      if (liveness.verdict === "alive") liveness.release();
      if (liveness.verdict === "dead") await removeIfPresent(() => fileSystem.remove(join(layout.status, name)));
    }
  }
}

/** The socket of one who wants the directory, until it is known whether he gets it. */
class BoundSocket {
  readonly #fileSystem: FileSystem;
  readonly #folder: string;
  readonly #name = `alive.${randomBytes(6).toString("hex")}.sock`;
  #socket: AliveSocket | undefined;
  #address: Claim["socket"] = null;
  #handedOver = false;

  constructor(fileSystem: FileSystem, folder: string) {
    this.#fileSystem = fileSystem;
    this.#folder = folder;
  }

  static isName(name: string): boolean {
    return /^alive\.[0-9a-f]{12}\.sock$/.test(name);
  }

  async listen(): Promise<Claim["socket"]> {
    if (this.#socket !== undefined) return this.#address;
    const path = join(this.#folder, this.#name);
    this.#socket = await AliveSocket.listen(path);
    const status = this.#socket === undefined ? undefined : await this.#fileSystem.status(path);
    this.#address = status === undefined ? null : { name: this.#name, inode: status.inode };
    return this.#address;
  }

  handOver(): AliveSocket | undefined {
    this.#handedOver = true;
    return this.#socket;
  }

  async discard(): Promise<void> {
    if (this.#handedOver || this.#socket === undefined) return;
    await removeIfPresent(() => this.#fileSystem.remove(join(this.#folder, this.#name)));
    await this.#socket.close();
  }
}

function vacancyOf(judgement: Judgement, takeOver: "paused" | undefined): Vacancy | "paused" | undefined {
  if (judgement.kind === "vacant") return judgement.why;
  return judgement.paused && takeOver === "paused" ? "paused" : undefined;
}

/** Where no socket tells when a living holder goes, its pid is looked at from time to time. */
async function goneOf(judgement: Extract<Judgement, { kind: "held" }>, own: ProcessIdentity): Promise<void> {
  if (judgement.gone !== undefined) {
    await judgement.gone;
    return;
  }
  while (judgement.claim === undefined || runsHere(judgement.claim, own) !== false) {
    await new Promise<void>((resolve) => setTimeout(resolve, pollMs).unref());
  }
}

/** Returns when it is worth looking again: the moment the kernel sees the holder go, or after a short while. */
async function waitForHolder(
  judgement: Judgement,
  options: LockOptions,
  started: number,
  epoch: number,
): Promise<void> {
  if (judgement.kind !== "held") return;
  const left = options.waitMs - (options.clock.elapsed() - started);
  if (left <= 0) {
    judgement.release();
    throw lockedError(judgement.claim, options.layout.root, epoch);
  }
  options.onWaiting?.(judgement.claim);
  const pause = new Promise<void>((resolve) => setTimeout(resolve, Math.min(left, pollMs)));
  await Promise.race(judgement.gone === undefined ? [pause] : [judgement.gone, pause]);
  judgement.release();
}

function lockedError(claim: Claim | undefined, root: string, epoch: number): HoldfastError {
  const holder =
    claim === undefined
      ? "a process whose claim can not be read"
      : `process ${claim.pid} on ${claim.host} since ${claim.claimedAt}`;
  return new HoldfastError(
    "WRITER_LOCKED",
    `${root} is held by ${holder}. Stop it, wait for it, or open the directory for reading.`,
    { details: { directory: root, pid: claim?.pid, host: claim?.host, since: claim?.claimedAt, epoch } },
  );
}

async function removeIfPresent(remove: () => Promise<void>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}
