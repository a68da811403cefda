import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { beginTurn, type BeginServices } from "../turns/begin-turn.js";
import { readCreateRequest } from "../turns/create-request.js";
import type { ResponseObject } from "../turns/response-object.js";
import type { Turn } from "../turns/turn.js";
import { UpstreamError } from "../upstream/chat-upstream.js";
import { eventStreamOf } from "./event-stream.js";

export interface CreateResponseOptions {
  readonly services: BeginServices;
  /** Aborts the turns under way, when the router has waited long enough for them to end. */
  readonly stopping: AbortSignal;
}

/**
 * Answers `POST /v1/responses` on the service of Holdfast, which has all the other routes but leaves this one to a
 * router. What a turn throws while nothing has been sent goes to the service's own error handling.
 */
export function createResponses(server: FastifyInstance, options: CreateResponseOptions): void {
  server.addHook("preHandler", async (request, reply) => {
    if (request.method === "POST" && request.routeOptions.url === "/v1/responses") {
      return createResponse(request, reply, options);
    }
    return undefined;
  });
}

async function createResponse(
  request: FastifyRequest,
  reply: FastifyReply,
  { services, stopping }: CreateResponseOptions,
): Promise<FastifyReply> {
  const body = readCreateRequest(request.body);
  const turn = await beginTurn(services, request.id, body);
  // The reference names the record in this header.
  if (turn.record !== undefined) void reply.header("x-vsr-replay-id", turn.record.id);
  const signal = AbortSignal.any([stopping, disconnection(reply)]);
  if (body.stream !== true) {
    try {
      return await reply.send(await outcomeOf(turn, signal));
    } catch (error) {
      if (error instanceof UpstreamError) return refuse(request, reply, error);
      throw error;
    }
  }
  const events = eventStreamOf(turn, signal, (error) => {
    request.log.error(error);
  });
  const stream = Readable.from(events);
  // Also when the client was gone before the first event was asked for.
  stream.once("close", () => {
    turn.end();
  });
  return reply.header("content-type", "text/event-stream").header("cache-control", "no-store").send(stream);
}

async function outcomeOf(turn: Turn, signal: AbortSignal): Promise<ResponseObject> {
  try {
    const run = turn.run(signal);
    let step = await run.next();
    while (step.done !== true) step = await run.next();
    return step.value;
  } finally {
    turn.end();
  }
}

/** Aborts when the client goes away before it has its answer: nobody waits for the upstream any more. */
function disconnection(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** What the upstream finds wrong with a request is the client's to mend; its other troubles are not. */
function refuse(request: FastifyRequest, reply: FastifyReply, error: UpstreamError): FastifyReply {
  const { status: upstreamStatus = 0, message } = error;
  const status =
    upstreamStatus >= 400 && upstreamStatus < 500 && ![401, 403].includes(upstreamStatus) ? upstreamStatus : 502;
  if (status === 502) request.log.error(error);
  const type = status === 502 ? "server_error" : status === 429 ? "rate_limit_error" : "invalid_request_error";
  return reply.code(status).send({ error: { message, type, param: null, code: "upstream_error" } });
}
