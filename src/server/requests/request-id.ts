import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

export function newRequestId(): string {
  return `req_${randomUUID().replaceAll("-", "")}`;
}

/** Takes over the id a caller sent, so that one request can be followed through router and service; else makes one. */
export function requestIdOf(request: Pick<IncomingMessage, "headers">): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && /^[\w.:-]{1,128}$/.test(given) ? given : newRequestId();
}
