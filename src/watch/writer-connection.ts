import type { FileSystem } from "../files/file-system.js";
import { isAbsent } from "../files/node-file-system.js";
import { probeAliveSocket } from "../locking/alive-socket.js";
import { NewestLine } from "./newest-line.js";
import type { StartupStatus } from "./startup-status.js";
import { largestStatusBytes, parseStatus } from "./status-file.js";

/** `unknown`: the kernel can not be asked from here; the heartbeat has to tell. */
export type Verdict = "alive" | "dead" | "unknown";

/** A connection that drops sooner than this counts as dropped at once. */
const shortLivedMs = 1000;
/** So many such drops wake the watcher; then it waits for its poll, or it would spin. */
const wakingDrops = 3;

/** A connection to the writer, as long as it is of use. */
interface Held {
  readonly lines: NewestLine;
  gone: boolean;
  release(): void;
}

/**
 * The kernel's word on whether the writer of one run lives: a connection held open to its socket, which the kernel
 * closes the moment the process is gone.
 *
 * A closed connection alone proves nothing: a living process that is out of file descriptors accepts and closes at
 * once. So the socket is asked again, and refused means dead. Accepted means only that somebody lives: the status names
 * the socket of its run, so that the next owner, who listens before it has written its first status, is not taken for
 * the one it follows.
 *
 * Over the same connection the writer sends each status the moment it is reported. That is a shortcut: what is missed
 * stands in the file.
 */
export class WriterConnection {
  readonly #fileSystem: FileSystem;
  readonly #bootId: string | null;
  readonly #onGone: () => void;
  readonly #onTold: () => void;
  #runId: string | undefined;
  #socketPath = "";
  #held: Held | undefined;
  /** What was sent last, of what was taken. */
  #taken: Buffer | undefined;
  /** Whether the writer of this run was ever reached: then its kernel is ours, and silence is an answer. */
  #reached = false;
  #drops = 0;

  /**
   * @param bootId of the machine this watcher runs on, if known.
   * @param on `gone` is called when a held connection ends, at most a few times a run; `told` when the writer has sent a
   * status that can be taken.
   */
  constructor(
    fileSystem: FileSystem,
    bootId: string | null,
    on: { readonly gone: () => void; readonly told: () => void },
  ) {
    this.#fileSystem = fileSystem;
    this.#bootId = bootId;
    this.#onGone = on.gone;
    this.#onTold = on.told;
  }

  /** Whether a connection to the writer is open: then the kernel would have said if it had ended. */
  get open(): boolean {
    return this.#held?.gone === false;
  }

  /**
   * The newest status the writer sent since this was asked last. Also once the connection has ended: its last word comes
   * before its end.
   *
   * @returns `undefined` if there is none, or if it is not of the run that was asked for.
   * @throws HoldfastError `CORRUPT` or `UNSUPPORTED_FORMAT` if what was sent is no status.
   */
  takeTold(): StartupStatus | undefined {
    const line = this.#held?.lines.take();
    if (line === undefined) return undefined;
    const status = parseStatus(line, this.#socketPath);
    if (status.run_id !== this.#runId) return undefined;
    this.#taken = line;
    return status;
  }

  /** Whether these are the bytes of the status the writer sent last, and which was taken. */
  isTaken(bytes: Buffer): boolean {
    return this.#taken?.equals(bytes) === true;
  }

  /** Whether the writer of this status lives. A connection belongs to a run: for another run it is made anew. */
  async verdict(socketPath: string, status: StartupStatus): Promise<Verdict> {
    if (status.run_id !== this.#runId) {
      this.release();
      this.#runId = status.run_id;
      this.#socketPath = socketPath;
      this.#reached = false;
      this.#drops = 0;
    }
    if (this.open) return "alive";
    if (status.alive_socket_inode === undefined) return "unknown";
    const lines = new NewestLine(largestStatusBytes);
    const liveness = await probe(socketPath, (bytes) => {
      if (lines.add(bytes) && this.#held?.lines === lines) this.#onTold();
    });
    // Looked at after the connection was made: the name only ever passes to later sockets, so if it is this run's now,
    // it was then.
    const socket = await this.#fileSystem.status(socketPath);
    if (socket === undefined) {
      if (liveness.verdict === "alive") liveness.release();
      return this.#reached ? "dead" : "unknown";
    }
    if (socket.inode !== status.alive_socket_inode) {
      // Another process took over and listens under this name; its status is about to appear.
      if (liveness.verdict === "alive") liveness.release();
      return this.#sameKernel(status) ? "dead" : "unknown";
    }
    switch (liveness.verdict) {
      case "alive":
        this.#reached = true;
        if (liveness.connected) this.#hold(liveness, lines);
        return "alive";
      case "dead":
        return this.#reached || this.#sameKernel(status) ? "dead" : "unknown";
      case "unknown":
        return "unknown";
    }
  }

  release(): void {
    const held = this.#held;
    this.#held = undefined;
    this.#taken = undefined;
    held?.release();
  }

  #hold(liveness: { readonly gone: Promise<void>; release(): void }, lines: NewestLine): void {
    const held = {
      lines,
      gone: false,
      release: () => {
        liveness.release();
      },
    };
    const since = performance.now();
    this.#held = held;
    const dropped = (): void => {
      held.gone = true;
      if (this.#held !== held) return;
      this.#drops = performance.now() - since < shortLivedMs ? this.#drops + 1 : 0;
      if (this.#drops <= wakingDrops) this.#onGone();
    };
    liveness.gone.then(dropped, dropped);
  }

  /**
   * On a network file system a socket of another host can be seen, and refuses, though its writer lives. A boot id tells
   * the hosts apart even in containers, whose host names all differ. Where neither side has one, the socket is believed.
   */
  #sameKernel(status: StartupStatus): boolean {
    return (status.boot_id ?? null) === this.#bootId;
  }
}

async function probe(socketPath: string, onBytes: (bytes: Buffer) => void): ReturnType<typeof probeAliveSocket> {
  try {
    return await probeAliveSocket(socketPath, onBytes);
  } catch (error) {
    if (isAbsent(error)) return { verdict: "unknown" };
    throw error;
  }
}
