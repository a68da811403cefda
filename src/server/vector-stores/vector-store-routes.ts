import type { FastifyInstance } from "fastify";
import { idempotencyOf, ownerOf } from "../requests/headers.js";
import { checkedBody } from "../requests/json-bodies.js";
import { listBody } from "../requests/list-body.js";
import { pathId } from "../requests/path-id.js";
import { listQuery } from "../requests/query.js";
import { batchRoutes } from "./batch-routes.js";
import { create, list, remove, retrieve, search, update } from "./describe-vector-stores.js";
import { fileRoutes } from "./file-routes.js";
import { searchBody, searchPage, searchRequest } from "./search-body.js";
import { settlementRoutes } from "./settlement-routes.js";
import {
  assertVectorStore,
  missingVectorStore,
  notImplemented,
  withPollPause,
  type WithVectorStores,
} from "./vector-store-replies.js";

/** The Vector Stores API: the stores, their files, file batches; and how an ingesting router reports. */
export function vectorStoreRoutes(server: FastifyInstance, state: WithVectorStores): void {
  const { vectorStores } = state;

  server.post("/v1/vector_stores", { config: { description: create } }, async (request, reply) => {
    const options = { owner: ownerOf(request), idempotency: idempotencyOf(request) };
    return withPollPause(reply, await vectorStores.create(request.body ?? {}, options));
  });

  server.get("/v1/vector_stores", { config: { description: list } }, async (request) => {
    const page = await vectorStores.list({ ...listQuery(request), owner: ownerOf(request) });
    return listBody(page.vectorStores, page.hasMore);
  });

  server.get("/v1/vector_stores/:id", { config: { description: retrieve } }, async (request, reply) => {
    const id = pathId(request);
    const found = await vectorStores.get(id, { owner: ownerOf(request) });
    if (found === undefined) throw missingVectorStore(id);
    return withPollPause(reply, found);
  });

  server.post("/v1/vector_stores/:id", { config: { description: update } }, async (request) =>
    vectorStores.update(pathId(request), request.body ?? {}, { owner: ownerOf(request) }),
  );

  server.delete("/v1/vector_stores/:id", { config: { description: remove } }, async (request) => {
    const id = pathId(request);
    if (!(await vectorStores.delete(id, { owner: ownerOf(request) }))) throw missingVectorStore(id);
    return { id, object: "vector_store.deleted", deleted: true };
  });

  server.post("/v1/vector_stores/:id/search", { config: { description: search } }, async (request) => {
    const id = pathId(request);
    const asked = searchRequest(checkedBody(searchBody, request.body));
    await assertVectorStore(state, request);
    if (!vectorStores.canSearch) {
      throw notImplemented("This service keeps vector stores; its backend, if any, can not search. Ask the router.");
    }
    return searchPage(asked, await vectorStores.search(id, asked, { owner: ownerOf(request) }));
  });

  fileRoutes(server, state);
  batchRoutes(server, state);
  settlementRoutes(server, state);
}
