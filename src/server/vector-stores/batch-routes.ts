import type { FastifyInstance } from "fastify";
import { idempotencyOf, ownerOf } from "../requests/headers.js";
import { listBody } from "../requests/list-body.js";
import { pathId } from "../requests/path-id.js";
import { cancelBatch, createBatch, listBatchFiles, retrieveBatch } from "./describe-vector-stores.js";
import { filePageOptions } from "./file-routes.js";
import { withPollPause, type WithVectorStores } from "./vector-store-replies.js";

/** File batches: many files attached in one call. */
export function batchRoutes(server: FastifyInstance, { vectorStores: { batches } }: WithVectorStores): void {
  const url = "/v1/vector_stores/:id/file_batches";

  server.post(url, { config: { description: createBatch } }, async (request, reply) => {
    const id = pathId(request);
    const options = { owner: ownerOf(request), idempotency: idempotencyOf(request, id) };
    return withPollPause(reply, await batches.create(id, request.body ?? {}, options));
  });

  server.get(`${url}/:batch`, { config: { description: retrieveBatch } }, async (request, reply) => {
    const options = { owner: ownerOf(request) };
    return withPollPause(reply, await batches.get(pathId(request), pathId(request, "batch"), options));
  });

  server.post(`${url}/:batch/cancel`, { config: { description: cancelBatch } }, async (request) =>
    batches.cancel(pathId(request), pathId(request, "batch"), { owner: ownerOf(request) }),
  );

  server.get(`${url}/:batch/files`, { config: { description: listBatchFiles } }, async (request) => {
    const options = { ...filePageOptions(request), owner: ownerOf(request) };
    const page = await batches.listFiles(pathId(request), pathId(request, "batch"), options);
    return listBody(page.files, page.hasMore);
  });
}
