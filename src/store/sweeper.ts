import { isHoldfastError } from "../errors.js";
import type { CollectionState } from "./collection-state.js";
import type { PreparedWrite } from "./committer.js";
import type { Engine } from "./engine.js";
import { prepareDelete } from "./prepare-write.js";
import type { Version } from "./version.js";

const deletionsAtOnce = 200;

/**
 * Deletes what has expired, and the oldest of collections with more documents than they may have. Expired documents are
 * hidden from the moment on; this gives their space back. The deletions are commits like any other, so followers see
 * them and a crash in between leaves the rest for the next sweep.
 */
export class Sweeper {
  readonly #engine: Engine;
  readonly #states: () => Iterable<CollectionState>;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;
  removed = 0;

  constructor(engine: Engine, states: () => Iterable<CollectionState>) {
    this.#engine = engine;
    this.#states = states;
  }

  start(everyMs: number): void {
    this.#timer = setInterval(() => {
      this.#sweeping ??= this.sweep()
        .catch((error: unknown) => {
          // The store has failed, was lost or is closing: it says so itself, and the next owner sweeps.
          if (!isHoldfastError(error)) throw error;
        })
        .finally(() => {
          this.#sweeping = undefined;
        });
    }, everyMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  async sweep(): Promise<void> {
    for (const state of [...this.#states()]) {
      for (;;) {
        const due = this.#due(state);
        if (due.length === 0) break;
        const writes = due.map((version): PreparedWrite => prepareDelete(state, version.id, version));
        await this.#engine.committer?.commit(writes).outcome;
        this.removed += writes.length;
      }
    }
  }

  /** A bounded number of versions to delete; one that is being replaced at the moment is left alone. */
  #due(state: CollectionState): Version[] {
    const due: Version[] = [];
    const now = this.#engine.expiry.now();
    const take = (version: Version | undefined): void => {
      if (version !== undefined && !version.deleted && !state.pending.has(version.id)) due.push(version);
    };
    if (state.soonestExpiry <= now) {
      for (const version of state.recent.values()) {
        if (due.length >= deletionsAtOnce) break;
        if (version.expiresAtMs <= now) take(version);
      }
      for (const { id } of state.expiredInPacks(now)) {
        if (due.length >= deletionsAtOnce) break;
        take(state.find(id));
      }
      if (due.length === 0 && state.pending.size === 0) state.soonestExpiry = state.nextExpiry(now);
    }
    const surplus = state.size - (state.definition?.retention.maximumCount ?? Number.POSITIVE_INFINITY);
    if (due.length > 0 || surplus <= 0) return due;
    for (const { id } of state.walk({ direction: "asc" })) {
      if (due.length >= Math.min(surplus, deletionsAtOnce)) break;
      take(state.find(id));
    }
    return due;
  }
}
