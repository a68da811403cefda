import type { FastifyInstance, FastifyRequest } from "fastify";
import type { AttachmentPageOptions } from "../../surfaces/vector-stores/index.js";
import { WireError } from "../errors/wire-error.js";
import { ownerOf } from "../requests/headers.js";
import { checkedBody } from "../requests/json-bodies.js";
import { listBody } from "../requests/list-body.js";
import { pathId } from "../requests/path-id.js";
import { checkedQuery, pageOf } from "../requests/query.js";
import {
  attach,
  detach,
  fileContent,
  fileListQuery,
  listFiles,
  retrieveFile,
  updateFile,
  updateFileBody,
} from "./describe-vector-stores.js";
import { notImplemented, withPollPause, type WithVectorStores } from "./vector-store-replies.js";

/** The files of a vector store. In paths a file has its own id; that of its attachment shows nowhere on the wire. */
export function fileRoutes(server: FastifyInstance, { vectorStores }: WithVectorStores): void {
  server.post("/v1/vector_stores/:id/files", { config: { description: attach } }, async (request, reply) => {
    const options = { owner: ownerOf(request) };
    return withPollPause(reply, await vectorStores.attach(pathId(request), request.body ?? {}, options));
  });

  server.get("/v1/vector_stores/:id/files", { config: { description: listFiles } }, async (request) => {
    const options = { ...filePageOptions(request), owner: ownerOf(request) };
    const page = await vectorStores.listFiles(pathId(request), options);
    return listBody(page.files, page.hasMore);
  });

  server.get("/v1/vector_stores/:id/files/:file", { config: { description: retrieveFile } }, async (request, reply) => {
    const file = pathId(request, "file");
    const found = await vectorStores.getFile(pathId(request), file, { owner: ownerOf(request) });
    if (found === undefined) throw missingFile(file);
    return withPollPause(reply, found.body.vector_store_file);
  });

  server.post("/v1/vector_stores/:id/files/:file", { config: { description: updateFile } }, async (request) => {
    const { attributes } = checkedBody(updateFileBody, request.body);
    const options = { owner: ownerOf(request) };
    return vectorStores.updateFile(pathId(request), pathId(request, "file"), attributes, options);
  });

  server.delete("/v1/vector_stores/:id/files/:file", { config: { description: detach } }, async (request) => {
    const id = pathId(request, "file");
    if (!(await vectorStores.detach(pathId(request), id, { owner: ownerOf(request) }))) throw missingFile(id);
    return { id, object: "vector_store.file.deleted", deleted: true };
  });

  server.get(
    "/v1/vector_stores/:id/files/:file/content",
    { config: { description: fileContent } },
    async (request): Promise<never> => {
      const file = pathId(request, "file");
      const found = await vectorStores.getFile(pathId(request), file, { owner: ownerOf(request) });
      if (found === undefined) throw missingFile(file);
      throw notImplemented(
        "This service keeps which files a vector store has, not what was parsed of them. " +
          `The bytes are at /v1/files/${encodeURIComponent(file)}/content.`,
      );
    },
  );
}

/** @throws WireError 400 naming the parameter. */
export function filePageOptions(request: FastifyRequest): AttachmentPageOptions {
  const query = checkedQuery(fileListQuery, request);
  return { ...pageOf(query), filter: query.filter };
}

export function missingFile(id: string): WireError {
  return new WireError(404, `No file with id ${JSON.stringify(id)} is attached to the vector store.`, {
    code: "not_found",
  });
}
