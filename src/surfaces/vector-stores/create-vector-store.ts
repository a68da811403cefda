import type { Transaction } from "../../collections/index.js";
import { newId } from "../history/identifiers.js";
import { once, type Idempotency } from "../idempotency/index.js";
import { attachFiles } from "./attach-files.js";
import { secondsNow, type VectorStoreContext } from "./context.js";
import { intentsCollection } from "./intent-document.js";
import type { Intents } from "./intents.js";
import { backendFailure } from "./vector-backend.js";
import { vectorStoresCollection, type StoredVectorStoreBody } from "./vector-store-document.js";
import { checkedCreation } from "./vector-store-request.js";

export interface CreationOptions {
  readonly owner?: string | undefined;
  readonly idempotency?: Idempotency | undefined;
}

/**
 * Creates a vector store and, where there is a backend, its collection.
 *
 * Crash argument: 1. the intent is durable; 2. the backend makes the collection; 3. one transaction stores the vector
 * store with its files and removes the intent. Nobody sees the store before 3. After a crash, the intent is still there
 * before 3 and so the collection, if it was made, is removed; from 3 on there is no intent and the store is whole.
 *
 * @returns the id: of the store that was created, or that an earlier call with the same idempotency key has created.
 * @throws HoldfastError `INVALID_DOCUMENT`, `NOT_FOUND` for a file, `BACKEND_FAILED`. Then there is no vector store, and
 * what the backend may have made is removed, now or by maintenance.
 */
export async function createVectorStore(
  context: VectorStoreContext,
  intents: Intents,
  given: unknown,
  { owner, idempotency }: CreationOptions,
): Promise<string> {
  const { store, backend } = context;
  const id = newId("vs_");
  const { vector_store, files } = checkedCreation(given, { id, created_at: secondsNow(context) });
  const collection = backend && { name: backend.name, collection: id };
  const body: StoredVectorStoreBody = {
    vector_store,
    ...(collection === undefined ? {} : { backend: collection }),
    ...(owner === undefined ? {} : { owner }),
  };
  const insert = async (transaction: Transaction, intent?: string): Promise<string> => {
    const [created = id] = await once(transaction, idempotency, async () => {
      await transaction.collection(vectorStoresCollection).insert(id, body);
      await attachFiles(transaction, context, { id, body }, files, owner);
      return [id];
    });
    // A repeat creates nothing, so its collection is still to be removed.
    if (intent !== undefined && created === id) await transaction.collection(intentsCollection).delete(intent);
    return created;
  };
  if (backend === undefined || collection === undefined) return store.transaction((transaction) => insert(transaction));

  const intent = `create:${id}`;
  let created: string;
  try {
    created = await intents.during(intent, async () => {
      await store.transaction((transaction) =>
        intents.note(transaction, { action: "create", vector_store_id: id, backend: collection }),
      );
      try {
        await backend.create(collection.collection);
      } catch (error) {
        throw backendFailure(backend.name, `make the collection ${JSON.stringify(id)}`, error);
      }
      return store.transaction((transaction) => insert(transaction, intent));
    });
  } catch (error) {
    await rollBack(intents, intent, error);
    throw error;
  }
  if (created !== id) await intents.settle(intent);
  return created;
}

/** Undoes a creation that failed. If that fails too, the intent is still there: maintenance, or the next opening, does it. */
async function rollBack(intents: Intents, intent: string, failure: unknown): Promise<void> {
  try {
    await intents.settle(intent);
  } catch (error) {
    // What the caller has to know first is why there is no vector store; this is told with it.
    if (failure instanceof Error) failure.cause ??= error;
  }
}
