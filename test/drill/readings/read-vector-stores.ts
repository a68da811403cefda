import type OpenAI from "openai";
import { request } from "../service.js";
import { allOf } from "./all-of.js";
import { orAbsent } from "./or-absent.js";

export type VectorStore = OpenAI.VectorStores.VectorStore;
export type AttachedFile = OpenAI.VectorStores.VectorStoreFile;

/** Small, so that lists are walked by their cursors. */
const storesPerPage = 5;
const filesPerPage = 3;

/** A vector store, and the list of its files. */
export interface ReadVectorStore {
  readonly store: VectorStore;
  readonly files: readonly AttachedFile[];
}

/** Reads a vector store and everything attached to it. @returns `undefined` if there is none. */
export function readVectorStore(client: OpenAI, id: string): Promise<ReadVectorStore | undefined> {
  return orAbsent(() =>
    request(async () => ({
      store: await client.vectorStores.retrieve(id),
      files: await allOf(() => client.vectorStores.files.list(id, { limit: filesPerPage })),
    })),
  );
}

/** Every vector store there is. */
export function listVectorStores(client: OpenAI): Promise<VectorStore[]> {
  return request(() => allOf(() => client.vectorStores.list({ limit: storesPerPage })));
}
