import type { WatchedStartupStatus } from "holdfast";
import { MeasuredChild } from "./measured-child.js";

const program = new URL("../programs/status-watcher.js", import.meta.url);

export type SeenStatus = Pick<WatchedStartupStatus, "phase" | "ready" | "stale" | "pid">;

/** The sidecar: a process that is told nothing, and must know at any time whether the router lives and is ready. */
export class Watcher {
  readonly child: MeasuredChild;
  seen = 0;
  #last: SeenStatus | undefined;

  constructor(directory: string) {
    this.child = new MeasuredChild("status watcher", program, [directory], (line) => {
      this.#last = JSON.parse(line) as SeenStatus;
      this.seen += 1;
    });
  }

  /** Waits until it knows that the owner is dead. @throws Error if it goes on to believe it. */
  async seesDeath(): Promise<void> {
    await this.child.until("seeing that the owner is dead", () => this.#last?.stale === true);
  }

  /** Waits until it knows that this process is ready. */
  async seesReady(pid: number): Promise<void> {
    await this.child.until(
      `seeing that process ${pid} is ready`,
      () => this.#last?.pid === pid && this.#last.ready && !this.#last.stale,
    );
  }
}
