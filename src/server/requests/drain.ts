import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { WireError } from "../errors/wire-error.js";

const lookAgainMs = 20;

/**
 * Makes closing the server end in order. While requests are under way it still listens, so that probes are answered,
 * `/readyz` with what the startup status says; every other request on a connection that is new is told to come again
 * elsewhere, and those on connections from before are the last ones on theirs. Then it stops listening, and every
 * connection is closed.
 *
 * Closing alone would refuse the probes too, and would wait for connections on which nothing is going to happen: those a
 * client opened and has not used yet, and those that are kept alive because their last reply began before the closing.
 *
 * @returns what aborts when the server begins to close, for replies that have no end of their own.
 */
export function drainWhenClosing(server: FastifyInstance): AbortSignal {
  const stopping = new AbortController();
  let underWay = 0;
  let allEnded: (() => void) | undefined;
  let isDraining = false;
  const newConnections = new WeakSet<Socket>();
  server.server.on("connection", (socket) => {
    if (isDraining) newConnections.add(socket);
  });

  server.addHook("onRequest", (request, reply, done) => {
    // What only looks does not hold up the end.
    if (request.routeOptions.config.description?.role === "public") {
      done();
      return;
    }
    underWay += 1;
    // The reply's end or, if the client goes away, that of its connection.
    reply.raw.once("close", () => {
      underWay -= 1;
      if (underWay === 0) allEnded?.();
    });
    done(newConnections.has(request.socket) ? comeAgain() : undefined);
  });

  server.addHook("onSend", (_request, reply, _payload, done) => {
    // Nothing comes after this reply: a client that keeps its connection would be told to go away when it uses it next.
    if (isDraining) void reply.header("connection", "close");
    done();
  });

  server.addHook("preClose", async () => {
    stopping.abort();
    if (!server.server.listening) return;
    isDraining = true;
    await new Promise<void>((resolve) => {
      allEnded = resolve;
      if (underWay === 0) resolve();
    });
    const timer = setInterval(() => {
      if (underWay === 0) server.server.closeAllConnections();
    }, lookAgainMs);
    server.server.once("close", () => {
      clearInterval(timer);
    });
  });
  return stopping.signal;
}

function comeAgain(): WireError {
  return new WireError(503, "The service is stopping. Send the request again when it, or another, is ready.", {
    code: "stopping",
  });
}
