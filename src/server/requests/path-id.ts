import type { FastifyRequest } from "fastify";
import { WireError } from "../errors/wire-error.js";

/**
 * The id in the path, decoded.
 *
 * @throws WireError 404 for an empty one: `GET /v1/responses/` is no list and names nothing.
 */
export function pathId(request: FastifyRequest, name = "id"): string {
  const id = (request.params as Readonly<Record<string, string>>)[name] ?? "";
  if (id === "") throw new WireError(404, "The path names no object: the id is empty.", { code: "unknown_url" });
  return id;
}
