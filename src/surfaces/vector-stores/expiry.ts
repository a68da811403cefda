import { isHoldfastError } from "../../errors.js";
import { secondsNow, type VectorStoreContext } from "./context.js";
import type { Intents } from "./intents.js";
import { vectorStoresCollection, type StoredVectorStore } from "./vector-store-document.js";
import { isExpired } from "./vector-store-expiry.js";

const storesPerPage = 1_000;

/**
 * Carries out the expiry of vector stores whose time has come: notes it in the store, so that no clock that is set back
 * makes it live again, and removes the collection. The store itself stays, to be read and deleted.
 *
 * @returns what could not be removed yet; it is noted, and tried again with the other intents.
 */
export async function expireVectorStores(
  context: VectorStoreContext,
  intents: Intents,
  signal?: AbortSignal,
): Promise<unknown[]> {
  const failures: unknown[] = [];
  for (const { id } of await dueStores(context)) {
    signal?.throwIfAborted();
    const noted = await context.store.transaction(async (transaction) => {
      const collection = transaction.collection(vectorStoresCollection);
      const found = await collection.get(id);
      if (found === undefined || !isDue(context, found)) return undefined;
      await collection.put(id, { ...found.body, expired_at: secondsNow(context) });
      const { backend } = found.body;
      return backend && intents.note(transaction, { action: "expire", vector_store_id: id, backend });
    });
    if (noted === undefined) continue;
    try {
      await intents.settle(noted, signal);
    } catch (error) {
      if (!isHoldfastError(error, "BACKEND_FAILED")) throw error;
      failures.push(error);
    }
  }
  return failures;
}

async function dueStores(context: VectorStoreContext): Promise<StoredVectorStore[]> {
  const due: StoredVectorStore[] = [];
  for (let after: string | undefined; ;) {
    const page = await context.store.collection(vectorStoresCollection).list({
      where: { expiry: "last_active_at" },
      limit: storesPerPage,
      ...(after === undefined ? {} : { after }),
    });
    due.push(...page.documents.filter((document) => isDue(context, document)));
    after = page.documents.at(-1)?.id;
    if (!page.hasMore) return due;
  }
}

function isDue(context: VectorStoreContext, { body }: StoredVectorStore): boolean {
  return body.expired_at === undefined && isExpired(body, secondsNow(context));
}
