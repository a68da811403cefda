import type { DocumentBatch } from "./document-batch.js";

/** Documents as they arrive, in the thread that packs them. */
export class DocumentFeed {
  #batches: DocumentBatch[] = [];
  #failure: Error | undefined;
  #arrived: () => void = () => undefined;
  push(batch: DocumentBatch): void {
    this.#batches.push(batch);
    this.#arrived();
  }

  /** Nothing more comes: whoever waits for more is told why. */
  fail(error: Error): void {
    this.#failure = error;
    this.#arrived();
  }

  async next(): Promise<DocumentBatch> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const batch = this.#batches.shift();
      if (batch !== undefined) return batch;
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }
}
