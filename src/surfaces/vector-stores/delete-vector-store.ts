import type { Transaction } from "../../collections/index.js";
import { isHoldfastError } from "../../errors.js";
import type { VectorStoreContext } from "./context.js";
import type { Intents } from "./intents.js";
import { removeContents } from "./remove-contents.js";
import { vectorStoresCollection, type StoredVectorStore } from "./vector-store-document.js";

/**
 * Deletes a vector store, its files' attachments, its batches and its collection.
 *
 * Crash argument: one transaction removes the store and notes the deletion; from then on nobody finds it, nor anything
 * in it. Attachments and batches go step by step, then the collection, then the note. Whenever the process dies, the
 * note is there as long as anything is left to do.
 *
 * @param deletable is asked in each transaction: the store, if there is one that the caller may delete.
 * @returns whether there was one.
 */
export async function deleteVectorStore(
  context: VectorStoreContext,
  intents: Intents,
  id: string,
  deletable: (transaction: Transaction) => Promise<StoredVectorStore | undefined>,
): Promise<boolean> {
  let noted: string | undefined;
  try {
    noted = await context.store.transaction(async (transaction) => {
      const found = await deletable(transaction);
      if (found === undefined) return undefined;
      await transaction.collection(vectorStoresCollection).delete(id);
      const { backend } = found.body;
      return intents.note(transaction, {
        action: "delete",
        vector_store_id: id,
        ...(backend === undefined ? {} : { backend }),
      });
    });
  } catch (error) {
    if (!isHoldfastError(error, "STORAGE_FULL")) throw error;
    return deleteOnFullDisk(context, intents, id, deletable);
  }
  if (noted === undefined) return false;
  await settleNoted(intents, noted);
  return true;
}

/**
 * Carries out what is durably decided already. If the backend does not play along, that changes nothing for the caller:
 * it is noted, with the failure, and maintenance goes on until it is done, and reports it.
 */
export async function settleNoted(intents: Intents, id: string): Promise<void> {
  try {
    await intents.settle(id);
  } catch (error) {
    if (!isHoldfastError(error, "BACKEND_FAILED")) throw error;
  }
}

/**
 * Deletes a vector store while the disk is full, by deletions alone. Nothing can be noted then, so the store goes last:
 * if the process dies, or the backend fails, what is left is still a vector store that can be deleted again.
 */
async function deleteOnFullDisk(
  context: VectorStoreContext,
  intents: Intents,
  id: string,
  deletable: (transaction: Transaction) => Promise<StoredVectorStore | undefined>,
): Promise<boolean> {
  const found = await context.store.transaction(deletable);
  if (found === undefined) return false;
  await removeContents(context.store, id);
  if (found.body.backend !== undefined) await intents.removeCollection(found.body.backend);
  const deleted = await context.store.transaction(async (transaction) => {
    if ((await deletable(transaction)) === undefined) return false;
    return transaction.collection(vectorStoresCollection).delete(id);
  });
  // Space may have come back in between, and a file been attached with it: nothing may outlive its store.
  await removeContents(context.store, id);
  return deleted;
}
