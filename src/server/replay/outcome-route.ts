import type { FastifyInstance, FastifyRequest } from "fastify";
import { isHoldfastError } from "../../errors.js";
import type { ReplayRecord } from "../../surfaces/replay/replay-record.js";
import type { Replay } from "../../surfaces/replay/replay.js";
import { roleOf } from "../access/role-of.js";
import { WireError } from "../errors/wire-error.js";
import type { RouteDescription } from "../routing/describe-route.js";
import { outcomeBody, outcomeReply, outcomeRequestOf, type OutcomeRequest } from "./outcome-body.js";
import { OutcomeLimit } from "./outcome-limit.js";

const longestIdempotencyKey = 256;
const outcomesPerMinute = 60;

const description: RouteDescription = {
  role: "writer",
  tag: "Router replay",
  summary: "Add what was found of an answer to its record",
  body: outcomeBody,
  reply: outcomeReply,
  errors: "management",
};

/**
 * `POST /v1/router/outcomes`, as in the reference (`surfaces.md` 2.8). Its idempotency keys are kept in the commit that
 * adds the outcome, so a repeat adds nothing also after a restart; the reference forgets them in ten minutes.
 */
export function outcomeRoute(server: FastifyInstance, replay: Replay): void {
  const limit = new OutcomeLimit(outcomesPerMinute, () => Date.now());
  server.post("/v1/router/outcomes", { config: { description } }, async (request, reply) => {
    const key = idempotencyKeyOf(request);
    const role = roleOf(request);
    const seconds = limit.secondsToWait(role);
    if (seconds > 0) {
      void reply.header("retry-after", seconds);
      throw new WireError(429, `More than ${outcomesPerMinute} outcomes came within a minute.`, {
        code: "rate_limited",
      });
    }
    const wanted = outcomeRequestOf(request.body);
    const { replayId, outcome } = wanted;
    const stored = await replay.get(replayId).catch(notAnId);
    if (stored === undefined) throw replayNotFound();
    assertOfRecord(wanted, stored.record);
    const timestamp = new Date().toISOString();
    const idempotency = { scope: ["POST /v1/router/outcomes", role, key], request: { replayId, outcome } };
    const { duplicate } = await replay
      .patch(replayId, { outcome: { timestamp, ...outcome } }, { idempotency })
      .catch(deletedMeanwhile);
    return {
      success: true,
      updated: duplicate ? 0 : 1,
      recorded: true,
      ...(duplicate ? { duplicate } : {}),
      timestamp,
    };
  });
}

/** @throws WireError 400 `MISSING_IDEMPOTENCY_KEY`, `INVALID_IDEMPOTENCY_KEY` */
function idempotencyKeyOf(request: FastifyRequest): string {
  const given = request.headers["idempotency-key"];
  const key = typeof given === "string" ? given.trim() : "";
  if (key === "") {
    throw new WireError(400, "The header Idempotency-Key is required.", { code: "missing_idempotency_key" });
  }
  if (key.length > longestIdempotencyKey) {
    throw new WireError(400, `The header Idempotency-Key can have ${longestIdempotencyKey} characters.`, {
      code: "invalid_idempotency_key",
    });
  }
  return key;
}

/** What is found of a model is found of the one that answered. @throws WireError 409 `OUTCOME_OWNERSHIP_MISMATCH` */
function assertOfRecord({ outcome }: OutcomeRequest, { selected_model }: ReplayRecord): void {
  const { target, target_ref } = outcome;
  if (target !== "model" || target_ref === undefined || selected_model === undefined) return;
  if (target_ref === selected_model) return;
  throw new WireError(409, "The outcome is about a model that did not answer the request of this record.", {
    code: "outcome_ownership_mismatch",
    shouldRetry: false,
  });
}

/** A text that can not be an id names no record. */
function notAnId(error: unknown): undefined {
  if (!isHoldfastError(error, "INVALID_ID")) throw error;
}

function deletedMeanwhile(error: unknown): never {
  throw isHoldfastError(error, "NOT_FOUND") ? replayNotFound() : error;
}

function replayNotFound(): WireError {
  return new WireError(404, "No replay record has this replay_id.", { code: "replay_not_found" });
}
