import type { PackContent } from "../pack-maker.js";
import type { PackDocument } from "../pack-document.js";
import { batchDocuments, batchesUnderWay, type FromThread, type ToThread } from "./messages.js";
import { receivedError } from "./sent-error.js";

/** A pack that the thread is making, as this side sees it. */
export class ThreadJob {
  /** Settled once the thread does nothing more for it. */
  readonly outcome: Promise<void>;
  readonly #number: number;
  readonly #tell: (message: ToThread) => void;
  readonly #onProgress: () => void;
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #documents: Iterator<PackDocument> | undefined;
  /** Why this side wants it no more, if so. */
  #stopped: { readonly why: unknown } | undefined;

  constructor(number: number, tell: (message: ToThread) => void, onProgress: () => void) {
    this.#number = number;
    this.#tell = tell;
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
      this.#send(batchesUnderWay);
    });
  }

  /** @returns whether it is over. */
  hear(message: FromThread): boolean {
    switch (message.kind) {
      case "progress":
        this.#unlessItFails(() => {
          this.#onProgress();
          this.#send(message.wanted);
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

  #send(batches: number): void {
    for (let sent = 0; sent < batches && this.#documents !== undefined; sent += 1) {
      const documents: PackDocument[] = [];
      while (documents.length < batchDocuments) {
        const next = this.#documents.next();
        if (next.done === true) {
          this.#documents = undefined;
          break;
        }
        documents.push(next.value);
      }
      this.#tell({ kind: "documents", job: this.#number, documents });
    }
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
