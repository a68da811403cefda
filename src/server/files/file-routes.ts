import multipart from "@fastify/multipart";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { Files, StoredFile } from "../../surfaces/files/index.js";
import { WireError } from "../errors/wire-error.js";
import { idempotencyOf, ownerOf } from "../requests/headers.js";
import { listBody } from "../requests/list-body.js";
import { missing } from "../requests/missing.js";
import { pathId } from "../requests/path-id.js";
import { checkedQuery } from "../requests/query.js";
import { attachmentNamed, namesTag } from "./content-headers.js";
import { deleteFile, fileContent, listFiles, listFilesQuery, retrieveFile, uploadFile } from "./describe-files.js";
import { requestedRange } from "./requested-range.js";
import { ignoreRest, uploadForm } from "./upload-form.js";

const uploadUrl = "/v1/files";

/** The Files API. `ETag` of the content is the SHA-256 of the bytes, which never change. */
export function fileRoutes(server: FastifyInstance, { files }: { readonly files: Files }): void {
  readFormsOf(server, uploadUrl);

  server.post(uploadUrl, { config: { description: uploadFile } }, async (request) => {
    try {
      const given = { owner: ownerOf(request), idempotency: idempotencyOf(request) };
      const form = await uploadForm(request, files.limitBytes);
      const stored = await files.upload(form.bytes, { ...form.details, ...given, afterBytes: form.rest });
      return stored.body.file;
    } catch (error) {
      ignoreRest(request);
      throw error;
    }
  });

  server.get(uploadUrl, { config: { description: listFiles } }, async (request) => {
    const { limit, order, after, purpose } = checkedQuery(listFilesQuery, request);
    const page = await files.list({
      owner: ownerOf(request),
      ...(limit === undefined ? {} : { limit }),
      ...(order === undefined ? {} : { order }),
      ...(after === undefined ? {} : { after }),
      ...(purpose === undefined ? {} : { purpose }),
    });
    return listBody(
      page.files.map(({ body }) => body.file),
      page.hasMore,
    );
  });

  server.get("/v1/files/:id", { config: { description: retrieveFile } }, async (request) => {
    const id = pathId(request);
    return found(await files.get(id, { owner: ownerOf(request) }), id).body.file;
  });

  server.delete("/v1/files/:id", { config: { description: deleteFile } }, async (request) => {
    const id = pathId(request);
    if (!(await files.delete(id, { owner: ownerOf(request) }))) throw missing("File", id);
    return { id, object: "file", deleted: true };
  });

  server.get("/v1/files/:id/content", { config: { description: fileContent } }, async (request, reply) => {
    const id = pathId(request);
    const owner = ownerOf(request);
    const { file } = found(await files.get(id, { owner }), id).body;
    const tag = `"${file.sha256}"`;
    const { "if-none-match": known, "if-range": ifRange, range: asked } = request.headers;
    if (namesTag(known, tag)) return reply.header("etag", tag).code(304).send();
    // Of bytes that the client does not know, a part is of no use to it.
    const range = requestedRange(ifRange === undefined || ifRange === tag ? asked : undefined, file.bytes);
    if (range === "unsatisfiable") throw unsatisfiable(reply, file.bytes);
    const content = await files.content(id, { owner, ...(range === undefined ? {} : { range }) });
    if (content === undefined) throw missing("File", id);
    void reply
      .header("etag", tag)
      .header("accept-ranges", "bytes")
      .header("content-type", "application/octet-stream")
      .header("content-disposition", attachmentNamed(file.filename))
      .header("x-content-type-options", "nosniff");
    if (range === undefined) return reply.header("content-length", file.bytes).send(content.bytes);
    const { first, last } = range;
    return reply
      .code(206)
      .header("content-range", `bytes ${first}-${last}/${file.bytes}`)
      .header("content-length", last - first + 1)
      .send(content.bytes);
  });
}

/** Forms are for this one route: the plugin would have every other take them for a body that is empty. */
function readFormsOf(server: FastifyInstance, url: string): void {
  void server.register(multipart);
  server.addHook("preValidation", (request, _reply, done) => {
    if (!request.isMultipart() || request.routeOptions.url === url) done();
    else done(new WireError(415, "Forms are not taken here.", { code: "unsupported_media_type" }));
  });
}

function found(stored: StoredFile | undefined, id: string): StoredFile {
  if (stored === undefined) throw missing("File", id);
  return stored;
}

function unsatisfiable(reply: FastifyReply, size: number): WireError {
  void reply.header("content-range", `bytes */${size}`);
  return new WireError(416, `The file has ${size} bytes; the range asks for none of them.`, {
    param: "range",
    code: "range_not_satisfiable",
  });
}
