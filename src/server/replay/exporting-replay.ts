import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import type { Replay } from "../../surfaces/replay/replay.js";
import type { RouteDescription } from "../routing/describe-route.js";
import { filterOf, filterQuery } from "./replay-query.js";
import { recordShownTo } from "./shown-to.js";

const description: RouteDescription = {
  role: "viewer",
  tag: "Router replay",
  summary: "Export replay records, one a line",
  query: filterQuery,
  reply: { contentType: "application/x-ndjson", description: "A record a line; redacted for a viewer." },
  errors: "replay",
};

/** All records of a filter as JSON Lines, as they are read: an export of any size needs the memory of a page. */
export function exportingReplay(server: FastifyInstance, replay: Replay): void {
  const url = "/v1/router_replay/export";
  server.get(url, { exposeHeadRoute: false, config: { description } }, async (request, reply) => {
    async function* lines(): AsyncGenerator<string> {
      for await (const { record } of replay.export(filterOf(request))) {
        yield `${JSON.stringify(recordShownTo(request, record))}\n`;
      }
    }
    const iterator = lines();
    // What fails at once is answered with a status. What fails later breaks the connection, so that a part never
    // passes for the whole.
    const first = await iterator.next();
    async function* whole(): AsyncGenerator<string> {
      if (first.done !== true) yield first.value;
      yield* iterator;
    }
    return reply.header("content-type", "application/x-ndjson; charset=utf-8").send(Readable.from(whole()));
  });
}
