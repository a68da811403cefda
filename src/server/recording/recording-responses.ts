import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { StateDirectory } from "../../open-state-directory.js";
import { newestInstructions, type StoredResponse } from "../../surfaces/responses/index.js";
import { WireError } from "../errors/wire-error.js";
import { entityTag, expectedRevision, idempotencyOf, ownerOf } from "../requests/headers.js";
import { checkedBody } from "../requests/json-bodies.js";
import { listBody } from "../requests/list-body.js";
import { missing } from "../requests/missing.js";
import { pathId } from "../requests/path-id.js";
import { checkedQuery, pageOf } from "../requests/query.js";
import * as routes from "./describe-recording.js";
import { patchBody, recordBody } from "./record-body.js";

/**
 * With these a router in any language records what it produced. A 2xx means that it is durable. Two phases: `POST` with
 * status `in_progress`, then `PATCH` or `PUT` with the outcome once the output guard has passed.
 */
export function recordingResponses(server: FastifyInstance, { responses }: StateDirectory): void {
  server.post("/v1/state/responses", { config: { description: routes.recordResponse } }, async (request, reply) => {
    const body = checkedBody(recordBody, request.body);
    const { response, input, conversation } = body;
    const owner = agreedOwner(request, body.owner);
    const stored = await responses.record(
      { response, input, conversation, owner },
      { ifConversationRevision: body.conversation_revision, idempotency: idempotencyOf(request) },
    );
    return sendStored(reply.code(201), stored);
  });

  server.put("/v1/state/responses/:id", { config: { description: routes.replaceResponse } }, async (request, reply) => {
    const id = pathId(request);
    const body = checkedBody(recordBody, request.body);
    const { response, input, conversation } = body;
    const { stored, created } = await responses.replace(
      id,
      { response, input, conversation },
      {
        owner: agreedOwner(request, body.owner),
        ifRevision: expectedRevision(request),
        ifConversationRevision: body.conversation_revision,
      },
    );
    return sendStored(reply.code(created ? 201 : 200), stored);
  });

  server.patch("/v1/state/responses/:id", { config: { description: routes.patchResponse } }, async (request, reply) => {
    const body = checkedBody(patchBody, request.body);
    const stored = await responses.patch(
      pathId(request),
      { response: body.response, input: body.input },
      {
        owner: ownerOf(request),
        ifRevision: expectedRevision(request),
        ifConversationRevision: body.conversation_revision,
      },
    );
    return sendStored(reply, stored);
  });

  server.get("/v1/state/responses/:id", { config: { description: routes.readResponse } }, async (request, reply) => {
    const id = pathId(request);
    const stored = await responses.get(id, { owner: ownerOf(request) });
    if (stored === undefined) throw missing("Response", id);
    return sendStored(reply, stored);
  });

  server.delete("/v1/state/responses/:id", { config: { description: routes.deleteResponse } }, async (request) => {
    const id = pathId(request);
    const change = { owner: ownerOf(request), ifRevision: expectedRevision(request) };
    if (!(await responses.delete(id, change))) throw missing("Response", id);
    return { id, object: "state.response.deleted", deleted: true };
  });

  server.get("/v1/state/responses", { config: { description: routes.listResponses } }, async (request) => {
    const { conversation, ...query } = checkedQuery(routes.listResponsesQuery, request);
    const page = await responses.list({
      ...pageOf(query),
      owner: ownerOf(request),
      ...(conversation === undefined ? {} : { conversation }),
    });
    return listBody(page.responses.map(storedBody), page.hasMore);
  });

  server.get("/v1/state/responses/:id/chain", { config: { description: routes.readChain } }, async (request) => {
    const id = pathId(request);
    const { limit, strict = false } = checkedQuery(routes.chainQuery, request);
    const chain = await responses.chain(id, {
      owner: ownerOf(request),
      strict,
      ...(limit === undefined ? {} : { limit }),
    });
    // The response in the path is what was asked for; only gaps behind it are the chain's to report.
    if (chain.responses.length === 0) throw missing("Response", id);
    return {
      object: "state.chain",
      data: chain.responses.map(storedBody),
      complete: chain.complete,
      broken: chain.broken ?? null,
      instructions: newestInstructions(chain.responses) ?? null,
    };
  });
}

/** @throws WireError 400 if header and body name different owners. */
export function agreedOwner(request: FastifyRequest, given: string | undefined): string | undefined {
  const owner = ownerOf(request);
  if (owner !== undefined && given !== undefined && owner !== given) {
    throw new WireError(400, "The owner in the body is not the one in the header.", {
      param: "owner",
      code: "invalid_parameter",
    });
  }
  return given ?? owner;
}

function sendStored(reply: FastifyReply, stored: StoredResponse): FastifyReply {
  return reply.header("etag", entityTag(stored.revision)).send(storedBody(stored));
}

/** A stored response with what the store knows of it. */
function storedBody({ id, revision, sequence, createdAt, updatedAt, body }: StoredResponse): { readonly id: string } {
  return { object: "state.response", id, revision, sequence, createdAt, updatedAt, ...body } as { readonly id: string };
}
