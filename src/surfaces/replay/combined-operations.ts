import type { Store } from "../../collections/index.js";
import { isHoldfastError } from "../../errors.js";
import { CountersNotExact, recount } from "./counters.js";
import { ReplayBatch } from "./replay-batch.js";
import type { ReplayMetrics } from "./replay-metrics.js";
import type { ReplayRetention } from "./replay-options.js";

/** What one operation does; it runs again when its transaction does, so it has no effect but through the batch. */
export type Operation<Result> = (batch: ReplayBatch) => Promise<Result>;

type Kind = "write" | "removal" | "exclusive";

interface Waiting {
  readonly kind: Kind;
  /** Gets no batch when it is exclusive. */
  readonly run: (batch: ReplayBatch | undefined) => Promise<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly result: unknown } | { readonly error: unknown };

const mostPerTransaction = 256;
const mostRecounts = 3;

/** Thrown to leave a transaction that became too large with an operation that was not its first. */
class BatchTooLarge extends Error {
  readonly fits: number;

  constructor(fits: number) {
    super("The operations do not fit into one transaction.");
    this.fits = fits;
  }
}

/**
 * Runs operations on records one transaction at a time; what arrives while one is under way forms the next.
 *
 * Why: nearly every operation changes the same few cells. As transactions of their own they would take the cells away
 * from each other and run again and again; together they change each cell once, and share one flush, as in a group
 * commit. Nobody waits for longer than the transaction before and its own.
 *
 * Each operation has its own result. One that fails has written nothing (a record is written in the last step that can
 * fail), so the transaction goes on without it. Is the transaction as a whole refused, all of its operations are, since
 * none of them was committed. Resolved is an operation only when its transaction is durable.
 */
export class CombinedOperations {
  readonly #store: Store;
  readonly #retention: ReplayRetention;
  readonly #metrics: ReplayMetrics;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;

  constructor(store: Store, retention: ReplayRetention, metrics: ReplayMetrics) {
    this.#store = store;
    this.#retention = retention;
    this.#metrics = metrics;
  }

  /** Runs what writes records. @throws what the operation throws; HoldfastError as the store's transactions. */
  write<Result>(operation: Operation<Result>): Promise<Result> {
    return this.#submit("write", operation);
  }

  /** Runs what only removes records; also while the disk is full. */
  remove<Result>(operation: Operation<Result>): Promise<Result> {
    return this.#submit("removal", operation);
  }

  /** Runs something while none of the operations does: a reading that needs the records and the cells of one moment. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#enqueue("exclusive", work);
  }

  #submit<Result>(kind: Kind, operation: Operation<Result>): Promise<Result> {
    return this.#enqueue(kind, (batch) => {
      if (batch === undefined) throw new TypeError("An operation on records needs a transaction.");
      return operation(batch);
    });
  }

  #enqueue<Result>(kind: Kind, run: (batch: ReplayBatch | undefined) => Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.push({
        kind,
        run,
        resolve: (result) => {
          resolve(result as Result);
        },
        reject,
      });
      // From a microtask, so that the operations of one turn are together from the start.
      if (this.#draining === undefined) this.#draining = Promise.resolve().then(() => this.#drain());
    });
  }

  /** Every failure goes to the operation it belongs to, so this has none of its own. */
  async #drain(): Promise<void> {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (first.kind === "exclusive") {
        this.#waiting.shift();
        await settle(first, async () => ({ result: await first.run(undefined) }));
      } else {
        await this.#runSome(first.kind);
      }
    }
    this.#draining = undefined;
  }

  /** Runs as many of the waiting operations as are of one kind and fit into a transaction. */
  async #runSome(kind: Kind): Promise<void> {
    const other = this.#waiting.findIndex((waiting) => waiting.kind !== kind);
    const last = Math.min(mostPerTransaction, other < 0 ? this.#waiting.length : other);
    const taken = this.#waiting.slice(0, last);
    this.#waiting = this.#waiting.slice(last);
    let outcomes: Outcome[];
    try {
      outcomes = await this.#commit(taken, kind);
    } catch (error) {
      for (const { reject } of taken) reject(error);
      return;
    }
    for (const [index, outcome] of outcomes.entries()) {
      const waiting = taken[index];
      if ("error" in outcome) waiting?.reject(outcome.error);
      else waiting?.resolve(outcome.result);
    }
    this.#waiting.unshift(...taken.slice(outcomes.length));
  }

  /** @returns the outcomes of the first operations: at least one, and fewer than given if not all fit. */
  async #commit(operations: readonly Waiting[], kind: Kind): Promise<Outcome[]> {
    let fitting = operations;
    let deletesOnly = false;
    for (let recounts = 0; ;) {
      try {
        return await this.#attempt(fitting, kind, deletesOnly);
      } catch (error) {
        if (error instanceof BatchTooLarge) {
          fitting = fitting.slice(0, error.fits);
        } else if (error instanceof CountersNotExact && recounts < mostRecounts) {
          recounts += 1;
          try {
            if (await recount(this.#store)) this.#metrics.recounted();
          } catch (failure) {
            // What may have brought the counters to this is a full disk, and then removals must go on without them.
            if (kind !== "removal" || !isHoldfastError(failure, "STORAGE_FULL")) throw failure;
            deletesOnly = true;
          }
        } else if (kind === "removal" && !deletesOnly && isHoldfastError(error, "STORAGE_FULL")) {
          deletesOnly = true;
        } else {
          throw error;
        }
      }
    }
  }

  async #attempt(operations: readonly Waiting[], kind: Kind, deletesOnly: boolean): Promise<Outcome[]> {
    const { outcomes, retired } = await this.#store.transaction(async (transaction) => {
      const batch = await ReplayBatch.begin(transaction, deletesOnly);
      const outcomes: Outcome[] = [];
      for (const { run } of operations) {
        if (batch.isFull) break;
        const outcome = await outcomeOf(() => run(batch));
        // It may be too large only beside the others: it begins the next transaction, where it is told the truth.
        if ("error" in outcome && isHoldfastError(outcome.error, "DOCUMENT_TOO_LARGE") && outcomes.length > 0) {
          throw new BatchTooLarge(outcomes.length);
        }
        outcomes.push(outcome);
      }
      const retired = kind === "write" ? await batch.enforce(this.#retention) : 0;
      await batch.settle();
      return { outcomes, retired };
    });
    this.#metrics.retired(retired);
    return outcomes;
  }
}

/** What a caller did wrong is an outcome. Anything else concerns the transaction: it ends it, or makes it run again. */
async function outcomeOf(run: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { result: await run() };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { error };
  }
}

async function settle(waiting: Waiting, run: () => Promise<{ result: unknown }>): Promise<void> {
  try {
    waiting.resolve((await run()).result);
  } catch (error) {
    waiting.reject(error);
  }
}
