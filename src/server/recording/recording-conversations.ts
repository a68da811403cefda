import type { FastifyInstance, FastifyReply } from "fastify";
import type { StateDirectory } from "../../open-state-directory.js";
import type { StoredConversation } from "../../surfaces/conversations/index.js";
import { entityTag, expectedRevision, idempotencyOf, ownerOf } from "../requests/headers.js";
import { checkedBody } from "../requests/json-bodies.js";
import { listBody } from "../requests/list-body.js";
import { missing } from "../requests/missing.js";
import { pathId } from "../requests/path-id.js";
import { checkedQuery, listQuery } from "../requests/query.js";
import * as routes from "./describe-recording.js";
import { conversationBody, turnBody } from "./record-body.js";
import { agreedOwner } from "./recording-responses.js";

/** For routers that name their conversations themselves, and for turns that are recorded as items alone. */
export function recordingConversations(server: FastifyInstance, { conversations }: StateDirectory): void {
  server.put(
    "/v1/state/conversations/:id",
    { config: { description: routes.replaceConversation } },
    async (request, reply) => {
      const body = checkedBody(conversationBody, request.body);
      const { stored, created } = await conversations.replace(pathId(request), body.conversation ?? {}, {
        owner: agreedOwner(request, body.owner),
        ifRevision: expectedRevision(request),
      });
      return sendStored(reply.code(created ? 201 : 200), stored);
    },
  );

  server.get(
    "/v1/state/conversations/:id",
    { config: { description: routes.readConversation } },
    async (request, reply) => {
      const id = pathId(request);
      const stored = await conversations.get(id, { owner: ownerOf(request) });
      if (stored === undefined) throw missing("Conversation", id);
      return sendStored(reply, stored);
    },
  );

  server.delete(
    "/v1/state/conversations/:id",
    { config: { description: routes.deleteConversation } },
    async (request) => {
      const id = pathId(request);
      const { responses: alsoResponses = false } = checkedQuery(routes.deleteConversationQuery, request);
      const deleted = await conversations.delete(id, {
        owner: ownerOf(request),
        ifRevision: expectedRevision(request),
        alsoResponses,
      });
      if (!deleted) throw missing("Conversation", id);
      return { id, object: "state.conversation.deleted", deleted: true };
    },
  );

  server.get("/v1/state/conversations", { config: { description: routes.listConversations } }, async (request) => {
    const page = await conversations.list({ ...listQuery(request), owner: ownerOf(request) });
    return listBody(page.conversations.map(storedBody), page.hasMore);
  });

  server.post("/v1/state/conversations/:id/items", { config: { description: routes.appendTurn } }, async (request) => {
    const id = pathId(request);
    const { items } = checkedBody(turnBody, request.body);
    const appended = await conversations.appendTurn(id, items, {
      owner: ownerOf(request),
      ifRevision: expectedRevision(request),
      idempotency: idempotencyOf(request, id),
    });
    return listBody(appended, false);
  });
}

function sendStored(reply: FastifyReply, stored: StoredConversation): FastifyReply {
  return reply.header("etag", entityTag(stored.revision)).send(storedBody(stored));
}

function storedBody({ id, revision, sequence, createdAt, updatedAt, body }: StoredConversation): {
  readonly id: string;
} {
  return { object: "state.conversation", id, revision, sequence, createdAt, updatedAt, ...body } as {
    readonly id: string;
  };
}
