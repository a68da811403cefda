import type { Store, Transaction } from "../../collections/index.js";
import { HoldfastError } from "../../errors.js";
import {
  conversationDeletionsCollection,
  conversationItemsCollection,
  conversationsCollection,
  type ConversationDeletion,
} from "../history/conversation-document.js";
import { removingTransaction } from "../history/removing-transaction.js";
import { removeResponse, type RemovalMemory } from "../history/remove-response.js";
import { responsesCollection } from "../history/response-document.js";
import { responseThreadsCollection } from "../history/thread-document.js";

/** Documents that one transaction takes on at most: small enough that writers hardly wait for it. */
const documentsPerTransaction = 100;

/**
 * Finishes the deletion of a conversation: removes its items, and lets its responses go or leave.
 *
 * Crash argument: the conversation went, and the deletion was noted, in one transaction, so nothing below can be reached
 * any more. Each step takes a bounded number of documents out of the conversation's index; the note goes in the step
 * that finds the index empty. Whenever the process dies, the note is there as long as anything is left to do.
 */
export async function finishDeletion(
  store: Store,
  id: string,
  memory: RemovalMemory,
  signal?: AbortSignal,
): Promise<void> {
  for (;;) {
    signal?.throwIfAborted();
    const done = await removingTransaction(store, async (transaction, deletesOnly) => {
      const deletion = await transaction.collection(conversationDeletionsCollection).get(id);
      if (deletion === undefined) return true;
      return removeSome(transaction, id, deletion.body, memory, deletesOnly);
    });
    if (done) return;
  }
}

/** Takes up every deletion that a crash or a full disk has left unfinished. @returns how many. */
export async function finishDeletions(store: Store, memory: RemovalMemory, signal?: AbortSignal): Promise<number> {
  for (let finished = 0; ; finished += 1) {
    const [deletion] = (await store.collection(conversationDeletionsCollection).list({ limit: 1 })).documents;
    if (deletion === undefined) return finished;
    await finishDeletion(store, deletion.id, memory, signal);
  }
}

async function removeSome(
  transaction: Transaction,
  conversation: string,
  deletion: ConversationDeletion,
  memory: RemovalMemory,
  deletesOnly: boolean,
): Promise<boolean> {
  const options = { where: { conversation }, limit: documentsPerTransaction };

  const items = await transaction.collection(conversationItemsCollection).list(options);
  for (const { id } of items.documents) await transaction.collection(conversationItemsCollection).delete(id);
  if (items.documents.length > 0) return false;

  const responses = await transaction.collection(responsesCollection).list(options);
  for (const { id, body } of responses.documents) {
    if (deletion.also_responses) {
      await removeResponse(transaction, id, "deleted", memory, deletesOnly);
    } else {
      // A response that stays must not turn up in a later conversation of the same id.
      const detached = { ...body };
      delete detached.conversation;
      await transaction.collection(responsesCollection).put(id, detached);
    }
  }
  if (responses.documents.length > 0) return false;

  await releaseThread(transaction, conversation);
  await transaction.collection(conversationDeletionsCollection).delete(conversation);
  return true;
}

/**
 * Deletes a conversation while the disk is full, by deletions alone. Nothing can be noted then, so the conversation goes
 * last: if the process dies on the way, what is left of it is still a conversation that can be deleted again.
 *
 * @param isDeletable is asked in each transaction: whether there is a conversation that the caller may delete.
 * @throws HoldfastError `STORAGE_FULL` if responses are to stay: letting them leave takes a write.
 */
export async function deleteOnFullDisk(
  store: Store,
  id: string,
  alsoResponses: boolean,
  isDeletable: (transaction: Transaction) => Promise<boolean>,
): Promise<boolean> {
  for (;;) {
    const done = await store.transaction(async (transaction) => {
      if (!(await isDeletable(transaction))) return false;
      const options = { where: { conversation: id }, limit: documentsPerTransaction };
      const responses = await transaction.collection(responsesCollection).list(options);
      if (responses.documents.length > 0 && !alsoResponses) {
        throw new HoldfastError(
          "STORAGE_FULL",
          `The disk is full, and the responses of the conversation ${JSON.stringify(id)} can not be kept without it. ` +
            "Delete them with it, or make room first.",
        );
      }
      const items = await transaction.collection(conversationItemsCollection).list(options);
      for (const document of responses.documents) await transaction.collection(responsesCollection).delete(document.id);
      for (const document of items.documents)
        await transaction.collection(conversationItemsCollection).delete(document.id);
      if (responses.documents.length + items.documents.length > 0) return undefined;
      return transaction.collection(conversationsCollection).delete(id);
    });
    if (done !== undefined) return done;
  }
}

/** What stays keeps its thread and its expiry; a later conversation of the same id begins a thread of its own. */
async function releaseThread(transaction: Transaction, conversation: string): Promise<void> {
  const threads = transaction.collection(responseThreadsCollection);
  const { documents } = await threads.list({
    where: { key: `conversation:${conversation}` },
    limit: documentsPerTransaction,
  });
  for (const { id, body } of documents) await threads.put(id, { ...body, key: `released:${id}` });
}
