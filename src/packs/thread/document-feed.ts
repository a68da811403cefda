import type { PackDocument } from "../pack-document.js";
import { batchDocuments } from "./messages.js";

/** Documents as they arrive, in the thread that packs them. */
export class DocumentFeed {
  #batches: (readonly PackDocument[])[] = [];
  #failure: Error | undefined;
  #arrived: () => void = () => undefined;
  /** How many batches were taken that nobody has been told of. */
  taken = 0;

  push(documents: readonly PackDocument[]): void {
    this.#batches.push(documents);
    this.#arrived();
  }

  /** Nothing more comes: whoever waits for more is told why. */
  fail(error: Error): void {
    this.#failure = error;
    this.#arrived();
  }

  /** @returns the next batch, and whether it is the last. */
  async next(): Promise<{ readonly documents: readonly PackDocument[]; readonly isLast: boolean }> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const documents = this.#batches.shift();
      if (documents !== undefined) {
        this.taken += 1;
        return { documents, isLast: documents.length < batchDocuments };
      }
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }
}
