import type { FastifyInstance } from "fastify";

/**
 * Ends a server in order: no new connections, the requests under way are answered, then every connection is closed.
 *
 * Closing the server alone would wait for connections on which nothing is going to happen: those a client opened and
 * has not used yet, and those that are kept alive because their last reply began before the closing.
 *
 * @returns ends the server. To be set up before it listens.
 */
export function drainable(server: FastifyInstance): () => Promise<void> {
  let underWay = 0;
  let onIdle: () => void = () => undefined;
  server.addHook("onRequest", (_request, reply, done) => {
    underWay += 1;
    // The reply's end or, if the client goes away, that of its connection.
    reply.raw.once("close", () => {
      underWay -= 1;
      if (underWay === 0) onIdle();
    });
    done();
  });
  return async () => {
    const closed = server.close();
    if (underWay > 0) await new Promise<void>((resolve) => (onIdle = resolve));
    server.server.closeAllConnections();
    await closed;
  };
}
