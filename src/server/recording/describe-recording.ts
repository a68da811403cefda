import { z } from "zod";
import { storedConversationSchema } from "../../surfaces/history/conversation-document.js";
import { itemSchema } from "../../surfaces/history/item.js";
import { storedResponseSchema } from "../../surfaces/history/response-document.js";
import { listBodySchema } from "../requests/list-body.js";
import { listMembers, listQuerySchema } from "../requests/query.js";
import { text, trueOrFalse, wholeNumber } from "../requests/query-members.js";
import type { RouteDescription } from "../routing/describe-route.js";
import { conversationBody, patchBody, recordBody, turnBody } from "./record-body.js";

const tag = "Recording";

/** What the store knows of a document, beside its content. */
const stored = {
  id: z.string(),
  revision: z.int(),
  sequence: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
};
const storedResponse = storedResponseSchema.extend({ ...stored, object: z.literal("state.response") });
const storedConversation = storedConversationSchema.extend({ ...stored, object: z.literal("state.conversation") });

export const listResponsesQuery = z.object({
  conversation: text().optional().describe("Only those of this conversation."),
  ...listMembers,
});
export const chainQuery = z.object({
  limit: wholeNumber(1, 10_000).optional().describe("The most turns to follow."),
  strict: trueOrFalse().optional().describe("Whether a broken chain is an error instead of a shorter answer."),
});
export const deleteConversationQuery = z.object({
  responses: trueOrFalse().optional().describe("Whether its responses are deleted with it."),
});

export const recordResponse: RouteDescription = {
  role: "writer",
  tag,
  summary: "Record a response that a router made",
  body: recordBody,
  status: 201,
  reply: storedResponse,
};

export const replaceResponse: RouteDescription = {
  role: "writer",
  tag,
  summary: "Create or replace a response",
  body: recordBody,
  status: [200, 201],
  reply: storedResponse,
};

export const patchResponse: RouteDescription = {
  role: "writer",
  tag,
  summary: "Change a response by a JSON merge patch (RFC 7396)",
  body: patchBody,
  reply: storedResponse,
};

export const readResponse: RouteDescription = {
  role: "detail",
  tag,
  summary: "Read a response with what the store knows of it",
  reply: storedResponse,
};

export const deleteResponse: RouteDescription = {
  role: "writer",
  tag,
  summary: "Delete a response",
  reply: z.object({ id: z.string(), object: z.literal("state.response.deleted"), deleted: z.literal(true) }),
};

export const listResponses: RouteDescription = {
  role: "detail",
  tag,
  summary: "List responses",
  query: listResponsesQuery,
  reply: listBodySchema(storedResponse),
};

export const readChain: RouteDescription = {
  role: "detail",
  tag,
  summary: "Read the turns that led to a response, oldest first",
  query: chainQuery,
  reply: z.object({
    object: z.literal("state.chain"),
    data: z.array(storedResponse),
    complete: z.boolean(),
    broken: z.object({ id: z.string(), reason: z.string() }).nullable(),
    instructions: z.unknown(),
  }),
};

export const replaceConversation: RouteDescription = {
  role: "writer",
  tag,
  summary: "Create or replace a conversation under an id of the router's own",
  body: conversationBody,
  status: [200, 201],
  reply: storedConversation,
};

export const readConversation: RouteDescription = {
  role: "detail",
  tag,
  summary: "Read a conversation with what the store knows of it",
  reply: storedConversation,
};

export const deleteConversation: RouteDescription = {
  role: "writer",
  tag,
  summary: "Delete a conversation, and its responses if asked to",
  query: deleteConversationQuery,
  reply: z.object({ id: z.string(), object: z.literal("state.conversation.deleted"), deleted: z.literal(true) }),
};

export const listConversations: RouteDescription = {
  role: "detail",
  tag,
  summary: "List conversations",
  query: listQuerySchema,
  reply: listBodySchema(storedConversation),
};

export const appendTurn: RouteDescription = {
  role: "writer",
  tag,
  summary: "Append the items of one turn, however many, in one transaction",
  body: turnBody,
  reply: listBodySchema(itemSchema),
};
