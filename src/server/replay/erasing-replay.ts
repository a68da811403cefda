import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { orderKeyOf } from "../../surfaces/replay/order-key.js";
import type { Replay } from "../../surfaces/replay/replay.js";
import { WireError } from "../errors/wire-error.js";
import type { RouteDescription } from "../routing/describe-route.js";
import { replayId, replayNotFound } from "./reading-replay.js";
import { queryText } from "./replay-query.js";
import { deletedReplySchema } from "./replay-replies.js";

const eraseQuery = z.object({
  session_id: z.string().optional().describe("Erases the records of a session; not with the times."),
  before: z.string().optional().describe("Erases records of before this RFC 3339 time."),
  after: z.string().optional().describe("Erases records from this RFC 3339 time on; with before, those between."),
});

const earliest = "0000-01-01T00:00:00Z";
const latest = "9999-12-31T23:59:59.999999999Z";

/** Deletes records for good: one as its recorder, those of a session or a time as an administrator. */
export function erasingReplay(server: FastifyInstance, replay: Replay): void {
  const shared = { tag: "Router replay", errors: "replay", reply: deletedReplySchema } as const;

  const one: RouteDescription = { ...shared, role: "writer", summary: "Delete a replay record" };
  server.delete<{ Params: { id: string } }>(
    "/v1/router_replay/:id",
    { config: { description: one } },
    async (request) => {
      const id = replayId(request.params.id);
      if (!(await replay.delete(id))) throw replayNotFound();
      return { object: "router_replay.deleted", id, deleted: true };
    },
  );

  const many: RouteDescription = {
    ...shared,
    role: "admin",
    summary: "Delete the replay records of a session, or of a time",
    query: eraseQuery,
  };
  server.delete("/v1/router_replay", { config: { description: many } }, async (request) => {
    const session = queryText(request, "session_id");
    const before = timeQuery(request, "before");
    const after = timeQuery(request, "after");
    const hasTimes = before !== undefined || after !== undefined;
    // Without either it would be everything, which nobody asks for by leaving something out.
    if ((session !== undefined) === hasTimes) {
      throw new WireError(400, "Give either session_id, or before and after, or one of these.", {
        param: "session_id",
        code: "invalid_parameter",
      });
    }
    const deleted =
      session === undefined
        ? await replay.deleteBetween(after ?? earliest, before ?? latest)
        : await replay.deleteSession(session);
    return { object: "router_replay.deleted", deleted };
  });
}

/** @throws WireError 400 for what is no time. */
function timeQuery(request: FastifyRequest, name: string): string | undefined {
  const text = queryText(request, name);
  if (text === undefined || orderKeyOf(text) !== undefined) return text;
  throw new WireError(400, `${name} must be an RFC 3339 time`, { param: name, code: "invalid_parameter" });
}
