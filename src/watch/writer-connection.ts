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
 * once. So the socket is asked again. Refused means dead. Accepted means that somebody lives: the same process, or the
 * next one, whose status is then about to appear.
 */
export class WriterConnection {
  readonly #fileSystem: FileSystem;
  readonly #bootId: string | undefined;
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
  constructor(fileSystem: FileSystem, bootId: string | undefined, onGone: () => void) {
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
    const liveness = await probe(socketPath);
    switch (liveness.verdict) {
      case "alive":
        if (liveness.connected) this.#hold(liveness);
        this.#reached = true;
        return "alive";
      case "dead":
        return this.#reached || this.#sameKernel(status) ? "dead" : "unknown";
      case "unknown": {
        const stoppedListening = this.#reached && (await this.#fileSystem.status(socketPath)) === undefined;
        return stoppedListening ? "dead" : "unknown";
      }
    }
  }

  release(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.release();
  }

  #hold(liveness: { readonly gone: Promise<void>; release(): void }): void {
    const held = { gone: false, release: liveness.release };
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
    return status.boot_id === this.#bootId;
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
