import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { newRequestId } from "../requests/request-id.js";
import type { ErrorShape } from "../routing/describe-route.js";
import { describeError } from "./describe-error.js";
import { errorBody, shapeFor } from "./error-shapes.js";
import { WireError } from "./wire-error.js";

/** Answers with the error body of the route, and logs what is the service's own fault. Content never gets there. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const failure = describeError(error, request.id);
  const { status, shouldRetry } = failure;
  if (status >= 500) request.log.error({ err: error }, "request failed");
  if (shouldRetry === false) void reply.header("x-should-retry", "false");
  return reply
    .header("x-request-id", request.id)
    .code(status)
    .header("content-type", "application/json; charset=utf-8")
    .send(errorBody(failure, shapeFor(shapeOf(request), status), request.id, Date.now()));
}

function shapeOf(request: FastifyRequest): ErrorShape {
  const { description, methodNotAllowed } = request.routeOptions.config;
  return description?.errors ?? methodNotAllowed ?? "openai";
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
  const requestId = newRequestId();
  const failure = describeError(
    new WireError(status, "The request is not valid HTTP.", { code: "invalid_request" }),
    requestId,
  );
  const body = JSON.stringify(errorBody(failure, "openai", requestId, Date.now()));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

const malformedStatus: ReadonlyMap<string | undefined, number> = new Map([
  ["ERR_HTTP_REQUEST_TIMEOUT", 408],
  ["HPE_HEADER_OVERFLOW", 431],
]);

/** Every failure of a route, and every path and method without one, ends in an error body. */
export function handleErrors(server: FastifyInstance): void {
  server.setErrorHandler((error, request, reply) => sendError(error, request, reply));
  server.setNotFoundHandler((request, reply) => {
    const path = new URL(request.url, "http://localhost").pathname;
    const error = new WireError(404, `There is nothing at ${request.method} ${path}.`, { code: "unknown_url" });
    return sendError(error, request, reply);
  });
}
