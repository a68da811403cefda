import type { BlobStore, Store, Transaction } from "../../collections/index.js";
import { removingTransaction } from "../history/removing-transaction.js";
import { filesCollection, fileRemovalsCollection, type FileRemoval, type StoredFile } from "./file-document.js";

/**
 * What else has to happen when a file goes, in the same transaction: whatever refers to it lets go of it. It may run more
 * than once, and must have no effect but through the transaction.
 *
 * @param deletesOnly the disk is full: it must write nothing but deletions.
 */
export type FileDeletionRule = (transaction: Transaction, file: string, deletesOnly: boolean) => Promise<void>;

/** What removing files takes. */
export interface RemovalParts {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly rules: readonly FileDeletionRule[];
}

/**
 * Removes a file: first the record, then the bytes.
 *
 * Crash argument: one transaction takes the record away, detaches the file wherever it was attached, and notes that its
 * bytes are to go. Before it nothing has happened; after it nobody finds the file, and the note stays until the bytes
 * are gone for good, so whoever opens the directory next goes on. On a full disk no note can be written: bytes that a
 * crash then leaves are found without a record, and set aside.
 *
 * @param isRemovable is asked in the transaction that removes.
 * @returns whether there was a file to remove.
 */
export async function removeFile(
  parts: RemovalParts,
  id: string,
  reason: FileRemoval["reason"],
  isRemovable: (stored: StoredFile) => boolean,
): Promise<boolean> {
  const removed = await removingTransaction(parts.store, async (transaction, deletesOnly) => {
    const files = transaction.collection(filesCollection);
    const stored = await files.get(id);
    if (stored === undefined || !isRemovable(stored)) return false;
    for (const rule of parts.rules) await rule(transaction, id, deletesOnly);
    await files.delete(id);
    if (!deletesOnly) await transaction.collection(fileRemovalsCollection).put(id, { reason });
    return true;
  });
  if (removed) await finishRemoval(parts, id);
  return removed;
}

/** Removes the bytes, and then the note that they are to be removed. Can be repeated at will. */
async function finishRemoval({ store, blobs }: RemovalParts, id: string): Promise<void> {
  await blobs.remove(id);
  await store.transaction((transaction) => transaction.collection(fileRemovalsCollection).delete(id));
}

/** Takes up every removal that a crash or a failing disk has left unfinished. @returns the files. */
export async function finishRemovals(parts: RemovalParts, signal?: AbortSignal): Promise<string[]> {
  const finished: string[] = [];
  for (;;) {
    signal?.throwIfAborted();
    const { documents } = await parts.store.collection(fileRemovalsCollection).list({ limit: 100 });
    if (documents.length === 0) return finished;
    for (const { id } of documents) {
      await finishRemoval(parts, id);
      finished.push(id);
    }
  }
}
