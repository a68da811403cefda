import { exitCodes } from "../exit-codes.js";

/**
 * One Ctrl-C in a terminal may reach a process twice, from the terminal and once more through npm, which passes on what
 * it gets. No person is that quick.
 */
const echoMs = 500;

/**
 * The first SIGTERM or SIGINT asks the service to stop; a second one ends the process where it stands, which is what
 * SIGKILL does too: nothing acknowledged is lost, and the next start recovers.
 *
 * A process that is the first in its container gets no signals it does not ask for, so this listens from the start on:
 * before there is anything to stop, the first signal already ends the process.
 */
export class ShutdownSignals implements Disposable {
  /** Resolves with the first signal, once there is something to stop. */
  readonly requested: Promise<NodeJS.Signals>;
  readonly #request: (signal: NodeJS.Signals) => void;
  #opened = false;
  #requestedAt: number | undefined;

  constructor() {
    let request: (signal: NodeJS.Signals) => void = () => undefined;
    this.requested = new Promise((resolve) => (request = resolve));
    this.#request = request;
    process.on("SIGINT", this.#received);
    process.on("SIGTERM", this.#received);
  }

  /** From here on there is something to stop in order. */
  opened(): void {
    this.#opened = true;
  }

  [Symbol.dispose](): void {
    process.off("SIGINT", this.#received);
    process.off("SIGTERM", this.#received);
  }

  readonly #received = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (!this.#opened) process.exit(exitCodes.done.code);
    if (this.#requestedAt === undefined) {
      this.#requestedAt = now;
      this.#request(signal);
    } else if (now - this.#requestedAt >= echoMs) {
      process.exit(exitCodes.failed.code);
    }
  };
}
