import { isHoldfastError } from "holdfast";
import type { ResponseObject } from "../turns/response-object.js";
import type { StreamEvent } from "../turns/stream-event.js";
import type { Turn } from "../turns/turn.js";

/**
 * A turn as a stream of server-sent events. The last one tells the outcome: `response.completed` or
 * `response.incomplete` once the response is durable, `response.failed` when there is none. A stream without any of them
 * was cut off, and says nothing about whether the turn was kept.
 */
export async function* eventStreamOf(
  turn: Turn,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): AsyncGenerator<string, void, undefined> {
  let sequence = 0;
  const eventOf = (event: StreamEvent): string =>
    `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: sequence++ })}\n\n`;
  const run = turn.run(signal);
  try {
    let step = await run.next();
    for (; step.done !== true; step = await run.next()) yield eventOf(step.value);
    const response = step.value;
    yield eventOf({ type: `response.${response.status}`, response });
  } catch (error) {
    if (signal.aborted) return;
    onError(error);
    yield eventOf({ type: "response.failed", response: failed(turn.begun, error) });
  } finally {
    // A client that leaves ends this generator where it stands; the turn's own must end too.
    await run.return(turn.begun);
    turn.end();
  }
}

function failed(begun: ResponseObject, error: unknown): ResponseObject {
  const code = isHoldfastError(error) ? error.code.toLowerCase() : "server_error";
  return {
    ...begun,
    status: "failed",
    error: { code, message: error instanceof Error ? error.message : String(error) },
  };
}
