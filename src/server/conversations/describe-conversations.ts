import { z } from "zod";
import { conversationObjectSchema } from "../../surfaces/history/conversation-document.js";
import { itemSchema } from "../../surfaces/history/item.js";
import { listBodySchema } from "../requests/list-body.js";
import { includeQuerySchema, listQuerySchema } from "../requests/query.js";
import type { RouteDescription } from "../routing/describe-route.js";

// Loose, because a newer client may send members this service does not know yet.
export const createBody = z.looseObject({ items: z.array(z.unknown()).nullish(), metadata: z.unknown().optional() });
export const updateBody = z.looseObject({
  metadata: z.unknown().refine((value) => value !== undefined, "is required; null empties it"),
});
export const addItemsBody = z.looseObject({ items: z.array(z.unknown()).min(1) });

const tag = "Conversations";

export const create: RouteDescription = {
  role: "writer",
  tag,
  summary: "Create a conversation, with up to 20 items",
  body: createBody,
  reply: conversationObjectSchema,
};

export const retrieve: RouteDescription = {
  role: "detail",
  tag,
  summary: "Retrieve a conversation",
  reply: conversationObjectSchema,
};

export const update: RouteDescription = {
  role: "writer",
  tag,
  summary: "Replace the metadata of a conversation",
  body: updateBody,
  reply: conversationObjectSchema,
};

export const remove: RouteDescription = {
  role: "writer",
  tag,
  summary: "Delete a conversation with its items",
  reply: z.object({ id: z.string(), object: z.literal("conversation.deleted"), deleted: z.literal(true) }),
};

export const addItems: RouteDescription = {
  role: "writer",
  tag,
  summary: "Add up to 20 items to a conversation",
  query: includeQuerySchema,
  body: addItemsBody,
  reply: listBodySchema(itemSchema),
};

export const listItems: RouteDescription = {
  role: "detail",
  tag,
  summary: "List the items of a conversation",
  query: listQuerySchema,
  reply: listBodySchema(itemSchema),
};

export const retrieveItem: RouteDescription = {
  role: "detail",
  tag,
  summary: "Retrieve one item of a conversation",
  query: includeQuerySchema,
  reply: itemSchema,
};

export const removeItem: RouteDescription = {
  role: "writer",
  tag,
  summary: "Delete one item of a conversation, which is answered with",
  reply: conversationObjectSchema,
};
