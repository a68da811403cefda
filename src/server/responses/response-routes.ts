import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { StateDirectory } from "../../open-state-directory.js";
import { itemSchema } from "../../surfaces/history/item.js";
import { responseObjectSchema } from "../../surfaces/history/response-document.js";
import { visibleResponse } from "../../surfaces/responses/index.js";
import { openaiErrorSchema } from "../errors/error-shapes.js";
import { WireError } from "../errors/wire-error.js";
import { missing } from "../requests/missing.js";
import { ownerOf } from "../requests/headers.js";
import { itemList, listBodySchema } from "../requests/list-body.js";
import { pathId } from "../requests/path-id.js";
import { checkedQuery, includedBy, includeMembers, listQuery, listQuerySchema } from "../requests/query.js";
import { trueOrFalse, wholeNumber } from "../requests/query-members.js";
import type { RouteDescription } from "../routing/describe-route.js";
import { sendEvents } from "./response-stream.js";

const retrieveQuery = z.object({
  stream: trueOrFalse().optional().describe("Replays a finished response as server-sent events."),
  starting_after: wholeNumber(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe("With stream: only events above this sequence number."),
  ...includeMembers,
});

const tag = "Responses";
const retrieve: RouteDescription = {
  role: "detail",
  tag,
  summary: "Retrieve a response as it was recorded",
  query: retrieveQuery,
  reply: responseObjectSchema,
};
const remove: RouteDescription = {
  role: "writer",
  tag,
  summary: "Delete a response",
  reply: z.object({ id: z.string(), object: z.literal("response"), deleted: z.literal(true) }),
};
const cancel: RouteDescription = {
  role: "writer",
  tag,
  summary: "Cancel an unfinished background response",
  reply: responseObjectSchema,
};
const inputItems: RouteDescription = {
  role: "detail",
  tag,
  summary: "List the input items of a response",
  query: listQuerySchema,
  reply: listBodySchema(itemSchema),
};
const notOffered: RouteDescription = {
  role: "detail",
  tag,
  summary: "Answer 501: a router makes responses, this service keeps them",
  status: 501,
  reply: openaiErrorSchema,
};

/** The Responses API over what is stored. Making responses is a router's work; this service keeps them. */
export function responseRoutes(server: FastifyInstance, { responses }: StateDirectory): void {
  server.get("/v1/responses/:id", { config: { description: retrieve } }, async (request, reply) => {
    const id = pathId(request);
    const query = checkedQuery(retrieveQuery, request);
    const stored = await responses.get(id, { owner: ownerOf(request) });
    if (stored === undefined) throw missing("Response", id);
    const response = visibleResponse(stored.body.response, includedBy(query));
    return query.stream === true ? sendEvents(reply, response, query.starting_after ?? -1) : response;
  });

  server.delete("/v1/responses/:id", { config: { description: remove } }, async (request) => {
    const id = pathId(request);
    if (!(await responses.delete(id, { owner: ownerOf(request) }))) throw missing("Response", id);
    return { id, object: "response", deleted: true };
  });

  server.post("/v1/responses/:id/cancel", { config: { description: cancel } }, async (request) => {
    const stored = await responses.cancel(pathId(request), { owner: ownerOf(request) });
    return visibleResponse(stored.body.response);
  });

  server.get("/v1/responses/:id/input_items", { config: { description: inputItems } }, async (request) => {
    const page = await responses.inputItems(pathId(request), { ...listQuery(request), owner: ownerOf(request) });
    return itemList(page);
  });

  for (const url of ["/v1/responses", "/v1/responses/input_tokens", "/v1/responses/compact"]) {
    server.post(url, { config: { description: notOffered } }, () => {
      throw new WireError(
        501,
        "This service keeps responses; a router makes them. Send this call to the router, which records its answer here.",
        { code: "not_offered", shouldRetry: false },
      );
    });
  }
}
