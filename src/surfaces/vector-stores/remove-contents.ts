import type { Store } from "../../collections/index.js";
import { attachmentsCollection } from "./attachment-document.js";
import { batchesCollection } from "./batch-document.js";

/** Documents that one transaction takes on at most: small enough that writers hardly wait for it. */
const documentsPerTransaction = 100;

/**
 * Removes the attachments and batches of a vector store, a bounded number in each transaction. It writes nothing but
 * deletions, so a full disk does not stop it, and what a crash interrupts is gone on with.
 */
export async function removeContents(store: Store, vectorStore: string, signal?: AbortSignal): Promise<void> {
  for (;;) {
    signal?.throwIfAborted();
    const isDone = await store.transaction(async (transaction) => {
      const options = { where: { vector_store: vectorStore }, limit: documentsPerTransaction };
      for (const definition of [attachmentsCollection, batchesCollection] as const) {
        const collection = transaction.collection<unknown>(definition);
        const { documents } = await collection.list(options);
        for (const { id } of documents) await collection.delete(id);
        if (documents.length > 0) return false;
      }
      return true;
    });
    if (isDone) return;
  }
}
