import { setImmediate as giveWay } from "node:timers/promises";
import { parentPort, type MessagePort } from "node:worker_threads";
import { blockingFileSystem } from "../../files/blocking-file-system.js";
import { ClockCache } from "../clock-cache.js";
import { mergePacks } from "../merge-packs.js";
import type { PackEntry } from "../pack-target.js";
import { Pack } from "../pack.js";
import { Throttle } from "../throttle.js";
import { writePack } from "../write-pack.js";
import { BatchReader } from "./document-batch.js";
import { DocumentFeed } from "./document-feed.js";
import type { FromThread, Order, ToThread } from "./messages.js";
import { sentError } from "./sent-error.js";

/** A merge reads its packs from one end to the other, past the cache. */
const cacheBytes = 1024 * 1024;
/** How often the other side hears of the work at most. */
const reportEveryMs = 2;

/** One pack under way. */
class Job {
  readonly feed = new DocumentFeed();
  readonly #port: MessagePort;
  readonly #order: Order;
  #isStopped = false;
  #nextReport = 0;
  /** How many batches were read that the other side has not heard of. */
  #read = 0;

  constructor(port: MessagePort, order: Order) {
    this.#port = port;
    this.#order = order;
  }

  /** Why does not matter: the other side knows it. */
  stop(): void {
    this.#isStopped = true;
    this.feed.fail(new Error("stopped"));
  }

  async run(): Promise<void> {
    const { job } = this.#order;
    try {
      if (this.#order.kind === "write") await this.#write(this.#order);
      else await this.#merge(this.#order);
      this.#tell({ kind: "done", job });
    } catch (error) {
      this.#tell({ kind: "failed", job, error: sentError(error) });
    }
  }

  async #write({ plan }: Extract<Order, { kind: "write" }>): Promise<void> {
    const pace = async (): Promise<void> => {
      this.#report();
      await giveWay();
      this.#assertWanted();
    };
    await writePack({ ...plan, fileSystem: blockingFileSystem, pace }, this.#entries());
  }

  async *#entries(): AsyncGenerator<readonly PackEntry[]> {
    const reader = new BatchReader();
    for (;;) {
      const batch = await this.feed.next();
      const entries = reader.read(batch);
      this.#read += 1;
      this.#report();
      yield entries;
      if (batch.isLast) return;
    }
  }

  async #merge({ plan, packs: names, how }: Extract<Order, { kind: "merge" }>): Promise<void> {
    const { bytesPerSecond, ...options } = how;
    const throttle = new Throttle(bytesPerSecond);
    const pace = async (written: number): Promise<void> => {
      this.#report();
      // What is written was read before.
      await throttle.spend(2 * written);
      this.#assertWanted();
    };
    const cache = new ClockCache(cacheBytes);
    const packs: Pack[] = [];
    try {
      for (const name of names)
        packs.push(await Pack.open({ ...plan, ...name, fileSystem: blockingFileSystem, cache }));
      await mergePacks({ ...plan, fileSystem: blockingFileSystem, pace }, packs, options);
    } finally {
      for (const pack of packs) await pack.retire();
    }
  }

  #assertWanted(): void {
    if (this.#isStopped) throw new Error("stopped");
  }

  #report(): void {
    const now = performance.now();
    if (now < this.#nextReport && this.#read === 0) return;
    this.#nextReport = now + reportEveryMs;
    this.#tell({ kind: "progress", job: this.#order.job, read: this.#read });
    this.#read = 0;
  }

  #tell(message: FromThread): void {
    this.#port.postMessage(message);
  }
}

function serve(port: MessagePort): void {
  const jobs = new Map<number, Job>();
  port.on("message", (message: ToThread) => {
    switch (message.kind) {
      case "documents":
        jobs.get(message.job)?.feed.push(message.batch);
        break;
      case "stop":
        jobs.get(message.job)?.stop();
        break;
      default: {
        const job = new Job(port, message);
        jobs.set(message.job, job);
        job.run().then(
          () => jobs.delete(message.job),
          (error: unknown) => {
            // It could not even be told. Nobody catches this: the thread ends, which the other side does learn.
            throw error;
          },
        );
      }
    }
  });
}

if (parentPort === null) throw new Error("This is the program of a worker thread.");
serve(parentPort);
