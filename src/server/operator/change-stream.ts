import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { Change } from "../../collections/index.js";
import type { StateDirectory } from "../../open-state-directory.js";
import { describeError } from "../errors/describe-error.js";
import { errorBody } from "../errors/error-shapes.js";
import { eventFrame, withHeartbeats, type StreamEvent } from "./event-stream.js";

export interface ChangeStreamOptions {
  /** Send what was committed after this sequence number; from now on if absent. */
  readonly since: number | undefined;
  /** Whether the bodies of documents may leave the service. */
  readonly withBodies: boolean;
  /** How long the stream may be silent before a comment shows that it lives, in milliseconds. */
  readonly heartbeatMs: number;
  /** How long a client may take nothing before its connection is cut, in milliseconds. It can resume. */
  readonly patienceMs: number;
  /** Aborts when the service stops. */
  readonly stopping: AbortSignal;
}

/** How long a client waits before it comes again, in milliseconds. */
const reconnectMs = 1000;
/** How long a client may take nothing while the service waits for it to stop, in milliseconds. */
const patienceWhenStoppingMs = 1000;

/**
 * Sends the committed changes as server-sent events. The store is asked for the next change only when the connection has
 * taken the last: a slow client costs a buffer of bounded size, and the rest waits in the journal, from where it is read
 * when the client comes to it. One that takes nothing at all is cut.
 *
 * @returns once it is known whether changes behind `since` can be read.
 * @throws HoldfastError `COMPACTED` if they are no longer kept.
 */
export async function sendChanges(
  reply: FastifyReply,
  state: StateDirectory,
  options: ChangeStreamOptions,
): Promise<FastifyReply> {
  const { since, patienceMs, stopping } = options;
  const gone = new AbortController();
  const signal = AbortSignal.any([stopping, gone.signal]);
  const changes = state.changes({ signal, ...(since === undefined ? {} : { since }) })[Symbol.asyncIterator]();
  // Where there is something to send, whether it can be read is known before the reply begins: then it is a status.
  const first = since !== undefined && since < state.lastSequence ? await changes.next() : undefined;

  // The server closes a connection that moves nothing in either direction for so long.
  reply.raw.setTimeout(patienceMs);
  const hurry = (): void => {
    reply.raw.setTimeout(patienceWhenStoppingMs);
  };
  stopping.addEventListener("abort", hurry);
  reply.raw.once("close", () => {
    stopping.removeEventListener("abort", hurry);
    gone.abort();
  });
  return reply
    .header("content-type", "text/event-stream; charset=utf-8")
    .header("cache-control", "no-store")
    .header("x-accel-buffering", "no")
    .send(Readable.from(framesOf(resumed(first, changes), reply, options), { objectMode: false }));
}

async function* framesOf(
  changes: AsyncGenerator<Change, void, undefined>,
  { request, log }: FastifyReply,
  { heartbeatMs, withBodies }: ChangeStreamOptions,
): AsyncGenerator<string, void, undefined> {
  yield `retry: ${reconnectMs}\n\n`;
  try {
    const heartbeat: StreamEvent = { comment: "still here" };
    for await (const one of withHeartbeats(changes, heartbeatMs, heartbeat)) {
      yield eventFrame("comment" in one ? one : eventOf(one, withBodies));
    }
  } catch (error) {
    const failure = describeError(error, request.id);
    if (failure.status >= 500) log.error({ err: error }, "change stream failed");
    yield eventFrame({ event: "error", data: errorBody(failure, "openai", request.id, Date.now()) });
  }
}

async function* resumed(
  first: IteratorResult<Change, unknown> | undefined,
  rest: AsyncIterator<Change>,
): AsyncGenerator<Change, void, undefined> {
  try {
    for (let next = first ?? (await rest.next()); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** Without bodies an operation says which document changed, and nothing of what is in it. */
function eventOf({ sequence, time, operations }: Change, withBodies: boolean): StreamEvent {
  const visible = operations.map((operation) => {
    if (withBodies || operation.type === "delete") return operation;
    const { type, collection, id, revision, expiresAt } = operation;
    return { type, collection, id, revision, ...(expiresAt === undefined ? {} : { expiresAt }) };
  });
  return { event: "change", id: sequence, data: { sequence, time, operations: visible } };
}
