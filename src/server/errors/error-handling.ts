import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { newRequestId } from "../requests/request-id.js";
import { describeError } from "./describe-error.js";
import { WireError } from "./wire-error.js";

/** Answers with the envelope, and logs what is the service's own fault. Request and document content never gets there. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, envelope, shouldRetry } = describeError(error, request.id);
  if (status >= 500) request.log.error({ err: error }, "request failed");
  if (shouldRetry === false) void reply.header("x-should-retry", "false");
  return reply
    .header("x-request-id", request.id)
    .code(status)
    .header("content-type", "application/json; charset=utf-8")
    .send(envelope);
}

/** A request whose URL or framing the framework could not read; it has passed no hook. */
export function answerUnreadable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  void sendError(
    new WireError(400, "The URL can not be decoded.", { code: "invalid_url", cause: error }),
    request,
    reply,
  );
}

/** Bytes that are no HTTP request, or one that took too long to arrive: there is no request to answer, only a socket. */
export function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  // A client that went away can not be told anything.
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = malformedStatus.get(error.code) ?? 400;
  const { envelope } = describeError(
    new WireError(status, "The request is not valid HTTP.", { code: "invalid_request" }),
    "",
  );
  const body = JSON.stringify(envelope);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${newRequestId()}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

const malformedStatus: ReadonlyMap<string | undefined, number> = new Map([
  ["ERR_HTTP_REQUEST_TIMEOUT", 408],
  ["HPE_HEADER_OVERFLOW", 431],
]);

/** Every failure of a route, and every path and method without one, ends in the envelope. */
export function handleErrors(server: FastifyInstance): void {
  server.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  server.setNotFoundHandler((request, reply) => {
    const path = new URL(request.url, "http://localhost").pathname;
    const error = new WireError(404, `There is nothing at ${request.method} ${path}.`, { code: "unknown_url" });
    return sendError(error, request, reply);
  });
}

const allMethods = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"];

/**
 * Answers 405 on every known path for the methods it does not have. Call it before the routes are registered and the
 * returned function after them.
 */
export function refuseOtherMethods(server: FastifyInstance): () => void {
  const methodsOf = new Map<string, Set<string>>();
  let isCollecting = true;
  server.addHook("onRoute", ({ url, method }) => {
    if (!isCollecting) return;
    const methods = methodsOf.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    methodsOf.set(url, methods);
  });
  return () => {
    isCollecting = false;
    for (const [url, methods] of methodsOf) {
      const missing = allMethods.filter((method) => !methods.has(method));
      const allowed = [...methods].sort().join(", ");
      server.route({
        method: missing,
        url,
        handler: (request, reply) => {
          void reply.header("allow", allowed);
          const message = `${request.method} is not offered here; ${allowed} ${methods.size === 1 ? "is" : "are"}.`;
          return sendError(new WireError(405, message, { code: "method_not_allowed" }), request, reply);
        },
      });
    }
  };
}
