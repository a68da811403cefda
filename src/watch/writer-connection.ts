import type { FileSystem } from "../files/file-system.js";
import { isAbsent } from "../files/node-file-system.js";
import { probeAliveSocket } from "../locking/alive-socket.js";
import type { StartupStatus } from "./startup-status.js";

/** `unknown`: the kernel can not be asked from here; the heartbeat has to tell. */
export type Verdict = "alive" | "dead" | "unknown";

/** A connection that drops sooner than this counts as dropped at once. */
const shortLivedMs = 1000;
/** So many such drops wake the watcher; then it waits for its poll, or it would spin. */
const wakingDrops = 3;

/**
 * The kernel's word on whether the writer of one run lives: a connection held open to its socket, which the kernel
 * closes the moment the process is gone.
 *
 * A closed connection alone proves nothing: a living process that is out of file descriptors accepts and closes at
 * once. So the socket is asked again, and refused means dead. Accepted means only that somebody lives: the status names
 * the socket of its run, so that the next owner, who listens before it has written its first status, is not taken for
 * the one it follows.
 */
export class WriterConnection {
  readonly #fileSystem: FileSystem;
  readonly #bootId: string | null;
  readonly #onGone: () => void;
  #runId: string | undefined;
  #held: { gone: boolean; release(): void } | undefined;
  /** Whether the writer of this run was ever reached: then its kernel is ours, and silence is an answer. */
  #reached = false;
  #drops = 0;

  /**
   * @param bootId of the machine this watcher runs on, if known.
   * @param onGone called when a held connection ends, at most a few times a run.
   */
  constructor(fileSystem: FileSystem, bootId: string | null, onGone: () => void) {
    this.#fileSystem = fileSystem;
    this.#bootId = bootId;
    this.#onGone = onGone;
  }

  /** Whether the writer of this status lives. A connection belongs to a run: for another run it is made anew. */
  async verdict(socketPath: string, status: StartupStatus): Promise<Verdict> {
    if (status.run_id !== this.#runId) {
      this.release();
      this.#runId = status.run_id;
      this.#reached = false;
      this.#drops = 0;
    }
    if (this.#held?.gone === false) return "alive";
    this.#held = undefined;
    if (status.alive_socket_inode === undefined) return "unknown";
    const liveness = await probe(socketPath);
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
        if (liveness.connected) this.#hold(liveness);
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
    held?.release();
  }

  #hold(liveness: { readonly gone: Promise<void>; release(): void }): void {
    const held = {
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

async function probe(socketPath: string): ReturnType<typeof probeAliveSocket> {
  try {
    return await probeAliveSocket(socketPath);
  } catch (error) {
    if (isAbsent(error)) return { verdict: "unknown" };
    throw error;
  }
}
