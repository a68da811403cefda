import type { FastifyInstance, FastifyRequest } from "fastify";
import { durabilityContract } from "../../contract/index.js";
import type { StateDirectory, StorageReport } from "../../open-state-directory.js";
import { includesRole, roleOf } from "../access/index.js";
import { WireError } from "../errors/wire-error.js";
import { checkedQuery } from "../requests/query.js";
import { sendChanges } from "./change-stream.js";
import * as routes from "./describe-operator.js";

export interface OperatorOptions {
  /** How long a stream of changes may be silent before a comment shows that it lives, in milliseconds. Default 15,000. */
  readonly heartbeatMs?: number;
  /**
   * How long a client of a stream may take nothing before it is cut, in milliseconds; above `heartbeatMs`, or quiet
   * streams are cut too. Default 60,000.
   */
  readonly patienceMs?: number;
}

/**
 * What an operator asks of a running service.
 *
 * @param stopping aborts when the service stops.
 */
export function operatorRoutes(
  server: FastifyInstance,
  state: StateDirectory,
  stopping: AbortSignal,
  { heartbeatMs = 15_000, patienceMs = 60_000 }: OperatorOptions = {},
): void {
  server.get("/v1/operator/recovery", { config: { description: routes.recovery } }, () => state.recovery);

  server.get("/v1/operator/contract", { config: { description: routes.contract } }, () => durabilityContract);

  let measuring: Promise<StorageReport> | undefined;
  server.get("/v1/operator/storage", { config: { description: routes.storage } }, () => {
    // It looks at every file: who asks while one measures gets the same answer.
    measuring ??= state.storage().finally(() => {
      measuring = undefined;
    });
    return measuring;
  });

  // A HEAD of it would never end.
  const options = { config: { description: routes.changes }, exposeHeadRoute: false };
  server.get("/v1/operator/changes", options, async (request, reply) => {
    const { since } = checkedQuery(routes.changesQuery, request);
    const resumeBehind = lastEventId(request) ?? since;
    assertReached(state, resumeBehind);
    const withBodies = includesRole(roleOf(request), "detail");
    return sendChanges(reply, state, { since: resumeBehind, withBodies, heartbeatMs, patienceMs, stopping });
  });
}

/** What a browser sends when it comes again by itself. @throws WireError 400 */
function lastEventId(request: FastifyRequest): number | undefined {
  const text = request.headers["last-event-id"];
  if (text === undefined || text === "") return undefined;
  if (typeof text === "string" && /^\d{1,15}$/.test(text)) return Number(text);
  throw new WireError(400, "The header last-event-id must be the id of an event of this stream.", {
    param: "last-event-id",
    code: "invalid_header",
  });
}

/**
 * A number that the store has not reached is of another state, such as the one before a restore: waiting until it is
 * reached would pass over everything up to there. A reader may only be a moment behind, so it waits.
 *
 * @throws WireError 400
 */
function assertReached(state: StateDirectory, since: number | undefined): void {
  if (since === undefined || state.mode === "reader" || since <= state.lastSequence) return;
  throw new WireError(
    400,
    `Changes can not be followed from ${since}: the newest is ${state.lastSequence}. Read the state anew, then follow.`,
    { param: "since", code: "invalid_cursor" },
  );
}
