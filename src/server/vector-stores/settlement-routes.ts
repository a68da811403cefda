import type { FastifyInstance, FastifyReply } from "fastify";
import type { z } from "zod";
import type { Attachment } from "../../surfaces/vector-stores/index.js";
import { entityTag, ownerOf } from "../requests/headers.js";
import { pathId } from "../requests/path-id.js";
import { retrieveStateFile, settleFile, type stateFileSchema } from "./describe-vector-stores.js";
import { missingFile } from "./file-routes.js";
import type { WithVectorStores } from "./vector-store-replies.js";

/**
 * For a router that ingests by itself: it reads the ownership token of an attachment, and reports with it that it is
 * still at work, or how it ended.
 */
export function settlementRoutes(server: FastifyInstance, { vectorStores }: WithVectorStores): void {
  const url = "/v1/state/vector_stores/:id/files/:file";

  server.get(url, { config: { description: retrieveStateFile } }, async (request, reply) => {
    const file = pathId(request, "file");
    const found = await vectorStores.getFile(pathId(request), file, { owner: ownerOf(request) });
    if (found === undefined) throw missingFile(file);
    return stateFile(reply, found);
  });

  server.patch(url, { config: { description: settleFile } }, async (request, reply) => {
    const options = { owner: ownerOf(request) };
    const settled = vectorStores.settleFile(pathId(request), pathId(request, "file"), request.body ?? {}, options);
    return stateFile(reply, await settled);
  });
}

function stateFile(
  reply: FastifyReply,
  { body, revision, createdAt, updatedAt }: Attachment,
): z.infer<typeof stateFileSchema> {
  void reply.header("etag", entityTag(revision));
  return { ...body, revision, created_at: createdAt, updated_at: updatedAt };
}
