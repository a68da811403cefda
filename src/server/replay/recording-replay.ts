import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import { isHoldfastError } from "../../errors.js";
import { capturePolicyInputSchema } from "../../surfaces/replay/capture-policy.js";
import { replayChangesSchema, type ReplayChanges } from "../../surfaces/replay/replay-changes.js";
import { recorderSchema, type StoredReplayRecord } from "../../surfaces/replay/replay-document.js";
import type { ReplayRecordInput } from "../../surfaces/replay/replay-record.js";
import type { Replay } from "../../surfaces/replay/replay.js";
import { WireError } from "../errors/wire-error.js";
import { idempotencyOf } from "../requests/headers.js";
import { checkedBody } from "../requests/json-bodies.js";
import type { RouteDescription } from "../routing/describe-route.js";
import { replayId, replayNotFound } from "./reading-replay.js";
import { recoveredReplySchema, writtenReplySchema } from "./replay-replies.js";

const recordBody = z.strictObject({
  /** The record; what has a natural beginning (id, timestamp, state) may be left out. */
  record: z.record(z.string(), z.unknown()),
  /** What is captured, for this record's whole life. */
  policy: capturePolicyInputSchema.optional(),
  /** The process that records, if it is not this service's own: its death is told by `recover`. */
  recorder: recorderSchema.optional(),
});

const recoverBody = z.strictObject({ recorder: recorderSchema.shape.name, run: recorderSchema.shape.run });

/** These name routes, so a record of that id could never be read. */
const namesOfRoutes = ["aggregate", "trajectory", "export", "recover"];

/** With these a router in any language records its decisions. A 2xx means that it is durable. */
export function recordingReplay(server: FastifyInstance, replay: Replay): void {
  const shared = { role: "writer", tag: "Router replay", errors: "replay" } as const;

  const add: RouteDescription = {
    ...shared,
    summary: "Record a decision",
    body: recordBody,
    reply: writtenReplySchema,
    status: 201,
  };
  server.post("/v1/router_replay", { config: { description: add } }, async (request, reply) => {
    const { policy, recorder } = checkedBody(recordBody, request.body);
    // As it came: the checked copy has its members in another order.
    const { record } = request.body as { readonly record: ReplayRecordInput };
    if (record.id !== undefined && namesOfRoutes.includes(record.id)) {
      throw new WireError(400, `A record can not have the id ${record.id}: it is the name of a route.`, {
        param: "record.id",
        code: "invalid_id",
      });
    }
    const stored = await replay.add(record, { policy, recorder, idempotency: idempotencyOf(request) });
    return sendWritten(reply.code(201), "router_replay.recorded", stored);
  });

  const change: RouteDescription = {
    ...shared,
    summary: "Change a record, everything given in one commit",
    body: replayChangesSchema,
    reply: writtenReplySchema,
  };
  server.patch<{ Params: { id: string } }>(
    "/v1/router_replay/:id",
    { config: { description: change } },
    async (request, reply) => {
      const id = replayId(request.params.id);
      checkedBody(replayChangesSchema, request.body);
      // As it came, unknown members of usage, trace and the like included.
      const changes = (request.body ?? {}) as ReplayChanges;
      if (Object.keys(changes).length === 0) {
        const names = Object.keys(replayChangesSchema.shape).join(", ");
        throw new WireError(400, `The body changes nothing. It can have ${names}.`, { code: "invalid_body" });
      }
      const { stored, finished, duplicate } = await found(
        replay.patch(id, changes, { idempotency: idempotencyOf(request, id) }),
      );
      return sendWritten(reply, "router_replay.updated", stored, { finished, duplicate });
    },
  );

  const recover: RouteDescription = {
    ...shared,
    summary: "End what an earlier run of a recorder left in progress",
    body: recoverBody,
    reply: recoveredReplySchema,
  };
  server.post("/v1/router_replay/recover", { config: { description: recover } }, async (request) => {
    const { recorder, run } = checkedBody(recoverBody, request.body);
    const ended = await replay.recoverRecorder(recorder, run);
    return {
      object: "router_replay.recovered",
      aborted: ended.reduce((sum, { count }) => sum + count, 0),
      ids: ended.flatMap(({ ids }) => ids),
    };
  });
}

function sendWritten(
  reply: FastifyReply,
  object: "router_replay.recorded" | "router_replay.updated",
  { id, revision, record }: StoredReplayRecord,
  more: { readonly finished?: boolean; readonly duplicate?: boolean } = {},
): FastifyReply {
  const { lifecycle_state } = record;
  return reply.header("x-vsr-replay-id", id).send({ object, id, revision, lifecycle_state, ...more });
}

/** The reference's words for a record that is not there. */
export async function found<Result>(changed: Promise<Result>): Promise<Result> {
  try {
    return await changed;
  } catch (error) {
    throw isHoldfastError(error, "NOT_FOUND") ? replayNotFound() : error;
  }
}
