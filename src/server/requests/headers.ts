import type { FastifyRequest } from "fastify";
import type { Idempotency } from "../../surfaces/idempotency/index.js";
import { WireError } from "../errors/wire-error.js";

/** Names the owner on whose behalf a router asks. Whoever may call at all, by key or on loopback, is trusted to say it. */
export const ownerHeader = "holdfast-owner";
const longestHeaderValue = 256;

/** @throws WireError 400 for a header without value, or with one too long. */
export function ownerOf(request: FastifyRequest): string | undefined {
  return headerValue(request, ownerHeader);
}

/**
 * The key under which a create call may be repeated, bound to its route and owner; `undefined` if the client sent none.
 *
 * @param bound what else the call is about, such as the conversation in its path.
 */
export function idempotencyOf(request: FastifyRequest, ...bound: string[]): Idempotency | undefined {
  const key = headerValue(request, "idempotency-key");
  if (key === undefined) return undefined;
  const route = `${request.method} ${request.routeOptions.url ?? ""}`;
  return { scope: [route, ownerOf(request) ?? "", ...bound, key], request: request.body ?? null };
}

/**
 * `If-Match` with a revision, or `If-None-Match: *`, as the revision that the document must be at.
 *
 * @returns 0 for "must not exist", `undefined` when the client asked for neither.
 * @throws WireError 400 for anything that is not a revision.
 */
export function expectedRevision(request: FastifyRequest): number | undefined {
  const ifNoneMatch = headerValue(request, "if-none-match");
  const ifMatch = headerValue(request, "if-match");
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch !== "*" || ifMatch !== undefined)
      throw refuse("if-none-match", "can only be *, and not with if-match");
    return 0;
  }
  if (ifMatch === undefined) return undefined;
  const revision = /^"?(\d{1,15})"?$/.exec(ifMatch)?.[1];
  if (revision === undefined) throw refuse("if-match", 'must be a revision, such as "3"');
  return Number(revision);
}

/** The value of `ETag` for a revision. */
export function entityTag(revision: number): string {
  return `"${revision}"`;
}

function headerValue(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  if (value === undefined) return undefined;
  if (typeof value !== "string" || value === "" || value.length > longestHeaderValue) {
    throw refuse(name, `must be given once, with 1 to ${longestHeaderValue} characters`);
  }
  return value;
}

function refuse(param: string, message: string): WireError {
  return new WireError(400, `The header ${param} ${message}.`, { param, code: "invalid_header" });
}
