import type { FastifyInstance } from "fastify";

/**
 * What the reference puts on every answer of its management routes, refusals included: what a record says must not stay
 * in a cache between.
 */
export function replayHeaders(server: FastifyInstance): void {
  server.addHook("onSend", (request, reply, payload, done) => {
    if (request.routeOptions.url?.startsWith("/v1/router") === true) {
      void reply.header("cache-control", "no-store").header("x-content-type-options", "nosniff");
    }
    done(null, payload);
  });
}
