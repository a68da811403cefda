import type { FastifyInstance, FastifyReply } from "fastify";
import type { StateDirectory } from "../../open-state-directory.js";
import type { ConversationObject, StoredConversation } from "../../surfaces/conversations/index.js";
import { visibleItem } from "../../surfaces/conversations/index.js";
import { entityTag, expectedRevision, idempotencyOf, ownerOf } from "../requests/headers.js";
import { checkedBody } from "../requests/json-bodies.js";
import { itemList, listBody } from "../requests/list-body.js";
import { missing } from "../requests/missing.js";
import { pathId } from "../requests/path-id.js";
import { includeQuery, listQuery } from "../requests/query.js";
import {
  addItems,
  addItemsBody,
  create,
  createBody,
  listItems,
  remove,
  removeItem,
  retrieve,
  retrieveItem,
  update,
  updateBody,
} from "./describe-conversations.js";

/** The Conversations API. `ETag` carries the revision, which a router passes back as the lock of a turn. */
export function conversationRoutes(server: FastifyInstance, { conversations }: StateDirectory): void {
  server.post("/v1/conversations", { config: { description: create } }, async (request, reply) => {
    const { items, metadata } = checkedBody(createBody, request.body);
    const stored = await conversations.create({
      items,
      metadata,
      owner: ownerOf(request),
      idempotency: idempotencyOf(request),
    });
    return conversationBody(reply, stored);
  });

  server.get("/v1/conversations/:id", { config: { description: retrieve } }, async (request, reply) => {
    const id = pathId(request);
    return conversationBody(reply, await conversations.get(id, { owner: ownerOf(request) }), id);
  });

  server.post("/v1/conversations/:id", { config: { description: update } }, async (request, reply) => {
    const { metadata } = checkedBody(updateBody, request.body);
    const change = { owner: ownerOf(request), ifRevision: expectedRevision(request) };
    return conversationBody(reply, await conversations.setMetadata(pathId(request), metadata, change));
  });

  server.delete("/v1/conversations/:id", { config: { description: remove } }, async (request) => {
    const id = pathId(request);
    if (!(await conversations.delete(id, { owner: ownerOf(request) }))) throw missing("Conversation", id);
    return { id, object: "conversation.deleted", deleted: true };
  });

  server.post("/v1/conversations/:id/items", { config: { description: addItems } }, async (request) => {
    const id = pathId(request);
    const include = includeQuery(request);
    const { items } = checkedBody(addItemsBody, request.body);
    const added = await conversations.addItems(id, items, {
      owner: ownerOf(request),
      ifRevision: expectedRevision(request),
      idempotency: idempotencyOf(request, id),
    });
    return listBody(
      added.map((item) => visibleItem(item, include)),
      false,
    );
  });

  server.get("/v1/conversations/:id/items", { config: { description: listItems } }, async (request) => {
    return itemList(await conversations.items(pathId(request), { ...listQuery(request), owner: ownerOf(request) }));
  });

  server.get("/v1/conversations/:id/items/:item", { config: { description: retrieveItem } }, async (request) => {
    const itemId = pathId(request, "item");
    const options = { owner: ownerOf(request), include: includeQuery(request) };
    const item = await conversations.item(pathId(request), itemId, options);
    if (item === undefined) throw missing("Item", itemId);
    return item;
  });

  // The wire returns the conversation here, not a deletion marker.
  server.delete(
    "/v1/conversations/:id/items/:item",
    { config: { description: removeItem } },
    async (request, reply) => {
      const id = pathId(request);
      const itemId = pathId(request, "item");
      if (!(await conversations.deleteItem(id, itemId, { owner: ownerOf(request) }))) throw missing("Item", itemId);
      return conversationBody(reply, await conversations.get(id, { owner: ownerOf(request) }), id);
    },
  );
}

function conversationBody(reply: FastifyReply, stored: StoredConversation | undefined, id = ""): ConversationObject {
  if (stored === undefined) throw missing("Conversation", id);
  void reply.header("etag", entityTag(stored.revision));
  return stored.body.conversation;
}
