import type { FastifyInstance } from "fastify";
import { callerOf } from "../access/role-of.js";

/** One line for each reply. Of the URL it has the route as declared: no query, no content; of the key, its name. */
export function logRequests(server: FastifyInstance): void {
  server.addHook("onResponse", (request, reply, done) => {
    const { method, routeOptions } = request;
    request.log.info(
      {
        method,
        route: routeOptions.url ?? null,
        caller: callerOf(request)?.name ?? null,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      "request",
    );
    done();
  });
}
