import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { isFinished, type ResponseObject } from "../../surfaces/responses/index.js";
import { WireError } from "../errors/wire-error.js";
import { eventsOfResponse } from "./response-events.js";

/**
 * Replays a finished response as server-sent events.
 *
 * @param startingAfter the last sequence number the client has; only events above it are sent.
 * @throws WireError 400 for a response that is still being made: its events are with the router that makes it.
 */
export function sendEvents(reply: FastifyReply, response: ResponseObject, startingAfter: number): FastifyReply {
  if (!isFinished(response)) {
    throw new WireError(
      400,
      `The response is ${String(response.status)}. It can be streamed from here once it is finished.`,
      {
        param: "stream",
        code: "response_not_finished",
      },
    );
  }
  const frames = eventsOfResponse(response)
    .filter(({ sequence_number }) => sequence_number > startingAfter)
    .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  return reply
    .header("content-type", "text/event-stream; charset=utf-8")
    .header("cache-control", "no-cache")
    .send(Readable.from(frames));
}
