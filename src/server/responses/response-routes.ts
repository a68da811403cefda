import type { FastifyInstance } from "fastify";
import type { StateDirectory } from "../../open-state-directory.js";
import { visibleResponse } from "../../surfaces/responses/index.js";
import { WireError } from "../errors/wire-error.js";
import { missing } from "../requests/missing.js";
import { ownerOf } from "../requests/headers.js";
import { itemList } from "../requests/list-body.js";
import { pathId } from "../requests/path-id.js";
import { booleanQuery, includeQuery, listQuery, numberQuery } from "../requests/query.js";
import { sendEvents } from "./response-stream.js";

/** The Responses API over what is stored. Making responses is a router's work; this service keeps them. */
export function responseRoutes(server: FastifyInstance, { responses }: StateDirectory): void {
  server.get("/v1/responses/:id", async (request, reply) => {
    const id = pathId(request);
    const include = includeQuery(request);
    const isStreamed = booleanQuery(request, "stream");
    const startingAfter = numberQuery(request, "starting_after", 0, Number.MAX_SAFE_INTEGER) ?? -1;
    const stored = await responses.get(id, { owner: ownerOf(request) });
    if (stored === undefined) throw missing("Response", id);
    const response = visibleResponse(stored.body.response, include);
    return isStreamed ? sendEvents(reply, response, startingAfter) : response;
  });

  server.delete("/v1/responses/:id", async (request) => {
    const id = pathId(request);
    if (!(await responses.delete(id, { owner: ownerOf(request) }))) throw missing("Response", id);
    return { id, object: "response", deleted: true };
  });

  server.post("/v1/responses/:id/cancel", async (request) => {
    const stored = await responses.cancel(pathId(request), { owner: ownerOf(request) });
    return visibleResponse(stored.body.response);
  });

  server.get("/v1/responses/:id/input_items", async (request) => {
    const page = await responses.inputItems(pathId(request), { ...listQuery(request), owner: ownerOf(request) });
    return itemList(page);
  });

  for (const url of ["/v1/responses", "/v1/responses/input_tokens", "/v1/responses/compact"]) {
    server.post(url, () => {
      throw new WireError(
        501,
        "This service keeps responses; a router makes them. Send this call to the router, which records its answer here.",
        { code: "not_offered", shouldRetry: false },
      );
    });
  }
}
