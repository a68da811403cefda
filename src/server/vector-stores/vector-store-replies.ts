import type { FastifyReply, FastifyRequest } from "fastify";
import type { VectorStores } from "../../surfaces/vector-stores/index.js";
import { WireError } from "../errors/wire-error.js";
import { ownerOf } from "../requests/headers.js";
import { pathId } from "../requests/path-id.js";

/** The part of an open state directory that these routes are about. */
export interface WithVectorStores {
  readonly vectorStores: VectorStores;
}

/** @throws WireError 404, so that what is not offered is only said of what is there. */
export async function assertVectorStore({ vectorStores }: WithVectorStores, request: FastifyRequest): Promise<void> {
  const id = pathId(request);
  if ((await vectorStores.get(id, { owner: ownerOf(request) })) === undefined) throw missingVectorStore(id);
}

export function missingVectorStore(id: string): WireError {
  return new WireError(404, `Vector store with id ${JSON.stringify(id)} not found.`, { code: "not_found" });
}

export function notImplemented(message: string): WireError {
  return new WireError(501, message, { code: "not_implemented", shouldRetry: false });
}

const pollAfterMs = 1_000;

/** Tells the official client when to look again at what is in progress; it would wait five seconds. */
export function withPollPause<Body extends { readonly status: string }>(reply: FastifyReply, body: Body): Body {
  if (body.status === "in_progress") void reply.header("openai-poll-after-ms", pollAfterMs);
  return body;
}
