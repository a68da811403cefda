import { Worker } from "node:worker_threads";
import { isHoldfastError } from "../../errors.js";
import type { MergePlan, PackContent, PackMaker, PackPlan } from "../pack-maker.js";
import type { Pack } from "../pack.js";
import type { FromThread, Order } from "./messages.js";
import { BatchMemory } from "./batch-memory.js";
import { ThreadJob, usualBatchBytes, type TellThread } from "./thread-job.js";

/** To write so few documents takes less than to start a thread: so much is made here first. */
const worthThreadDocuments = 2_048;

/** The thread ended by itself: it ran out of memory, or could not be started. */
class LostThread extends Error {}

/** An order as its caller gives it; its number is given here. */
type OrderOf<Kind extends Order["kind"]> = Omit<Extract<Order, { kind: Kind }>, "kind" | "job">;

/**
 * Makes packs on a thread of its own, so that those who write documents are not held up by it. It is started when there
 * is something worth it, and holds up the end of the process only while it has work.
 *
 * The thread makes the same files as this one would, with the same calls. What only this thread can do is done here
 * again: if the other thread is lost; and if it meets damage, which has to be known to the packs that are open here.
 */
export class ThreadedPackMaker implements PackMaker {
  readonly #local: PackMaker;
  readonly #program: URL;
  readonly #jobs = new Map<number, ThreadJob>();
  readonly #memory = new BatchMemory(usualBatchBytes);
  #nextJob = 0;
  #worker: Worker | undefined;
  /** How many documents have gone into packs. */
  #made = 0;
  #isLost = false;
  #isClosing = false;

  /** @param local makes packs on this thread. @param program what the other thread runs. */
  constructor(local: PackMaker, program: URL) {
    this.#local = local;
    this.#program = program;
  }

  async write(plan: PackPlan, content: PackContent, onProgress: () => void): Promise<void> {
    if (!this.#isWorthIt(content.size)) {
      await this.#local.write(plan, content, onProgress);
      return;
    }
    try {
      const job = this.#begin({ kind: "write", plan }, onProgress);
      job.feed(content);
      await job.outcome;
    } catch (error) {
      if (!(error instanceof LostThread)) throw error;
      await this.#local.write(plan, content, onProgress);
    }
  }

  async merge(plan: PackPlan, packs: readonly Pack[], how: MergePlan, onProgress: () => void): Promise<void> {
    if (!this.#isWorthIt(packs.reduce((sum, { summary }) => sum + summary.documents, 0))) {
      await this.#local.merge(plan, packs, how, onProgress);
      return;
    }
    try {
      const names = packs.map(({ summary: { lo, hi } }) => ({ lo, hi }));
      // Damage is met here again, by whoever may go on without it.
      const { dropTombstones, bytesPerSecond } = how;
      const order = { kind: "merge", plan, packs: names, how: { dropTombstones, bytesPerSecond } } as const;
      await this.#begin(order, onProgress).outcome;
    } catch (error) {
      if (!(error instanceof LostThread) && !isHoldfastError(error, "CORRUPT")) throw error;
      await this.#local.merge(plan, packs, how, onProgress);
    }
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#worker?.terminate();
    await this.#local.close();
  }

  #isWorthIt(documents: number): boolean {
    this.#made += documents;
    return !this.#isLost && this.#made >= worthThreadDocuments;
  }

  #begin(
    order: ({ kind: "write" } & OrderOf<"write">) | ({ kind: "merge" } & OrderOf<"merge">),
    onProgress: () => void,
  ): ThreadJob {
    const worker = (this.#worker ??= this.#started());
    const number = this.#nextJob;
    this.#nextJob += 1;
    const tell: TellThread = (message) => {
      worker.postMessage(message);
    };
    const job = new ThreadJob(number, tell, this.#memory, onProgress);
    this.#jobs.set(number, job);
    worker.ref();
    tell({ ...order, job: number });
    return job;
  }

  #started(): Worker {
    try {
      return this.#start();
    } catch (error) {
      // The process may not be permitted to have another thread.
      throw this.#lose(String(error));
    }
  }

  #start(): Worker {
    // Without the options of the process: a debugger's port, or a loader, is not meant for it.
    const worker = new Worker(this.#program, { name: "holdfast packs", execArgv: [] });
    worker.unref();
    worker.on("message", (message: FromThread) => {
      if (this.#jobs.get(message.job)?.hear(message) !== true) return;
      this.#jobs.delete(message.job);
      if (this.#jobs.size === 0) worker.unref();
    });
    let why: string | undefined;
    worker.on("error", (error) => {
      why = String(error);
    });
    worker.on("messageerror", (error) => {
      why = String(error);
      worker.terminate().catch((failure: unknown) => {
        process.emitWarning(`Holdfast could not end its thread for making packs: ${String(failure)}`);
      });
    });
    // Not before: what it was about to remove must not be what is made here in its place.
    worker.on("exit", (code) => {
      if (!this.#isClosing) this.#lose(why ?? `it ended with code ${String(code)}`);
    });
    return worker;
  }

  #lose(why: string): LostThread {
    this.#isLost = true;
    process.emitWarning(
      `Holdfast has no thread for making packs (${why}). Until the store is opened anew, they are made on the main thread.`,
    );
    const lost = [...this.#jobs.values()];
    this.#jobs.clear();
    const error = new LostThread(why);
    for (const job of lost) job.lose(error);
    return error;
  }
}
