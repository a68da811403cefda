import type { FastifyInstance, FastifyRequest } from "fastify";
import { aggregateReply } from "../../surfaces/replay/aggregate-reply.js";
import { listReply, summaryOf, type ReplayList } from "../../surfaces/replay/list-reply.js";
import type { Replay } from "../../surfaces/replay/replay.js";
import { WireError } from "../errors/wire-error.js";
import type { RouteDescription } from "../routing/describe-route.js";
import { filterOf, filterQuery, listOf, listQuery } from "./replay-query.js";
import { aggregateReplySchema, listReplySchema, recordReply } from "./replay-replies.js";
import { recordShownTo } from "./shown-to.js";

/**
 * A page of whole records ends before it passes this; the reference answers 413 instead, after the work is done. It is
 * the reference's bound of an answer.
 */
const mostBytesOfDetails = 4 * 1024 * 1024;
/** Of the records that a page of summaries is made from: far more than a page of records as they are kept by default. */
const mostBytesOfSummaries = 32 * 1024 * 1024;

/** What the reference's replay routes answer, in its shapes: `surfaces.md` 2.6. A viewer gets all of it redacted. */
export function readingReplay(server: FastifyInstance, replay: Replay): void {
  const shared = { role: "viewer", tag: "Router replay", errors: "replay" } as const;

  const listing: RouteDescription = {
    ...shared,
    summary: "List replay records, newest first",
    query: listQuery,
    reply: listReplySchema,
  };
  const list = async (request: FastifyRequest): Promise<ReplayList> => {
    const { query, showDetails } = listOf(request);
    const maximumBytes = showDetails ? mostBytesOfDetails : mostBytesOfSummaries;
    return listReply(await replay.list({ ...query, maximumBytes }), {
      isKeyset: query.after !== undefined,
      show: (record) => recordShownTo(request, showDetails ? record : summaryOf(record)),
    });
  };
  server.get("/v1/router_replay", { exposeHeadRoute: false, config: { description: listing } }, list);

  const aggregate: RouteDescription = {
    ...shared,
    summary: "Sum up replay records",
    query: filterQuery,
    reply: aggregateReplySchema,
  };
  server.get(
    "/v1/router_replay/aggregate",
    { exposeHeadRoute: false, config: { description: aggregate } },
    async (request) => aggregateReply(await replay.aggregate(filterOf(request))),
  );

  const one: RouteDescription = { ...shared, summary: "Read a replay record", reply: recordReply };
  server.get<{ Params: { id: string } }>(
    "/v1/router_replay/:id",
    { exposeHeadRoute: false, config: { description: one } },
    async (request) => {
      const { id } = request.params;
      // With a slash behind it, the reference's list is the list too.
      if (id === "") return list(request);
      const stored = await replay.get(replayId(id));
      if (stored === undefined) throw replayNotFound();
      return recordShownTo(request, stored.record);
    },
  );
}

/** @throws WireError 400 for a blank id. */
export function replayId(id: string): string {
  if (id.trim() === "") throw new WireError(400, "replay id is required", { param: "id", code: "invalid_id" });
  return id;
}

export function replayNotFound(): WireError {
  return new WireError(404, "replay record not found", { code: "replay_not_found" });
}
