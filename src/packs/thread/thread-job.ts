import type { PackContent } from "../pack-maker.js";
import type { PackDocument } from "../pack-document.js";
import { packBatch } from "./document-batch.js";
import type { FromThread, ToThread } from "./messages.js";
import { receivedError } from "./sent-error.js";
import type { BatchMemory } from "./batch-memory.js";

/** A batch ends with so many documents, or bytes: a fraction of a millisecond for each side. */
const batchDocuments = 128;
const batchBytes = 256 * 1024;
/** What the bodies of a batch take, unless the last of them is a large one. */
export const usualBatchBytes = batchBytes + 64 * 1024;
/** So much may be on its way: the thread has work while this side is busy, and the memory for copies has a bound. */
const mostUnderWay = 2 * 1024 * 1024;

export type TellThread = (message: ToThread) => void;

interface SentBatch {
  /** Roughly. */
  readonly bytes: number;
  readonly bodies: SharedArrayBuffer;
}

/** A pack that the thread is making, as this side sees it. */
export class ThreadJob {
  /** Settled once the thread does nothing more for it. */
  readonly outcome: Promise<void>;
  readonly #number: number;
  readonly #tell: TellThread;
  readonly #onProgress: () => void;
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #documents: Iterator<PackDocument> | undefined;
  readonly #memory: BatchMemory;
  /** The batches that the thread has not read yet, the oldest first. Once it is gone, or done, nobody needs theirs. */
  readonly #underWay: SentBatch[] = [];
  /** Why this side wants it no more, if so. */
  #stopped: { readonly why: unknown } | undefined;

  constructor(number: number, tell: TellThread, memory: BatchMemory, onProgress: () => void) {
    this.#number = number;
    this.#tell = tell;
    this.#memory = memory;
    this.#onProgress = onProgress;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Hands over the first documents of a pack that is to be written. */
  feed(content: PackContent): void {
    this.#documents = content[Symbol.iterator]();
    this.#unlessItFails(() => {
      this.#send();
    });
  }

  /** @returns whether it is over. */
  hear(message: FromThread): boolean {
    switch (message.kind) {
      case "progress":
        this.#unlessItFails(() => {
          this.#onProgress();
          for (const { bodies } of this.#underWay.splice(0, message.read)) this.#memory.give(bodies);
          this.#send();
        });
        return false;
      case "done":
        // Also if it was to be stopped and that came too late: what is there must not be taken for nothing.
        this.#resolve();
        return true;
      case "failed":
        this.#reject(this.#stopped === undefined ? receivedError(message.error) : this.#stopped.why);
        return true;
    }
  }

  /** The thread is gone. */
  lose(error: Error): void {
    this.#reject(this.#stopped === undefined ? error : this.#stopped.why);
  }

  #send(): void {
    while (this.#documents !== undefined && this.#bytesUnderWay < mostUnderWay) {
      const documents: PackDocument[] = [];
      let bytes = 0;
      while (documents.length < batchDocuments && bytes < batchBytes) {
        const next = this.#documents.next();
        if (next.done === true) {
          this.#documents = undefined;
          break;
        }
        documents.push(next.value);
        bytes += next.value.body.length;
      }
      const batch = packBatch(documents, this.#documents === undefined, this.#memory);
      this.#underWay.push({ bytes, bodies: batch.bodies });
      this.#tell({ kind: "documents", job: this.#number, batch });
    }
  }

  get #bytesUnderWay(): number {
    return this.#underWay.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #unlessItFails(work: () => void): void {
    if (this.#stopped !== undefined) return;
    try {
      work();
    } catch (why) {
      this.#stopped = { why };
      this.#tell({ kind: "stop", job: this.#number });
    }
  }
}
