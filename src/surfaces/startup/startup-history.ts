import { defineCollection, type ListOptions, type Page, type Store } from "../../collections/index.js";
import { isHoldfastError } from "../../errors.js";
import { startupTransitionSchema, type StartupTransition } from "../../watch/startup-status.js";

/** Every change of phase, kept for longer than the status file remembers. */
export const startupTransitions = defineCollection<StartupTransition>({
  name: "startup_transitions",
  schema: startupTransitionSchema,
  indexes: { run_id: { path: "run_id" }, phase: { path: "phase" } },
  retention: { maximumCount: 10_000 },
});

/** Sequence numbers are below 10^16, so that ids sort as the transitions do. */
const idDigits = 16;

/**
 * The transitions as documents. The status file is the authority; this is its memory, and follows it: what could not be
 * recorded when it happened (before the store was open, on a full disk, after it was closed) is recorded later, by this
 * run or the next, from the transitions the file still carries.
 */
export class StartupHistory {
  readonly #store: Store;
  /** The newest transition known to be recorded; `undefined` until the store has been asked. */
  #recorded: number | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Records those of `transitions` that are not yet there, all or none. Not to be called again before it resolves. */
  async record(transitions: readonly StartupTransition[]): Promise<void> {
    this.#recorded ??= await this.#newest();
    const recorded = this.#recorded;
    const missing = transitions.filter((transition) => transition.sequence > recorded);
    const last = missing.at(-1);
    if (last === undefined) return;
    try {
      await this.#store.transaction(async (transaction) => {
        const collection = transaction.collection(startupTransitions);
        for (const transition of missing) await collection.put(idOf(transition), transition);
      });
      this.#recorded = last.sequence;
    } catch (error) {
      // Whether it was written is open after some failures; the store is asked again before the next attempt.
      if (!isHoldfastError(error, "CLOSED")) this.#recorded = undefined;
      throw error;
    }
  }

  /** Lists transitions, oldest first unless `order` says otherwise; `where` takes `run_id` and `phase`. */
  async list(options: ListOptions = {}): Promise<Page<StartupTransition>> {
    return await this.#store.collection(startupTransitions).list(options);
  }

  async #newest(): Promise<number> {
    const page = await this.#store.collection(startupTransitions).list({ order: "desc", limit: 1 });
    return page.documents[0]?.body.sequence ?? 0;
  }
}

function idOf(transition: StartupTransition): string {
  return String(transition.sequence).padStart(idDigits, "0");
}
