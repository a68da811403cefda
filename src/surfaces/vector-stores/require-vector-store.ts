import type { AccessRequest } from "../history/access.js";
import type { Reader } from "../history/reader.js";
import type { VectorStoreContext } from "./context.js";
import { notFound } from "./refusals.js";
import { vectorStoresCollection, type StoredVectorStore } from "./vector-store-document.js";

/** Whether a caller may do something with a vector store, and so with what is in it. */
export function mayAccess(
  { access }: VectorStoreContext,
  { id, body }: StoredVectorStore,
  action: AccessRequest["action"],
  caller: string | undefined,
): boolean {
  return access({ surface: "vector_stores", id, action, caller, owner: body.owner });
}

/** @throws HoldfastError `NOT_FOUND` if there is none that the caller may access. */
export async function requireVectorStore(
  reader: Reader,
  context: VectorStoreContext,
  id: string,
  action: AccessRequest["action"],
  caller: string | undefined,
): Promise<StoredVectorStore> {
  const found = await reader.collection(vectorStoresCollection).get(id);
  if (found === undefined || !mayAccess(context, found, action, caller)) throw notFound("vector store", id);
  return found;
}
