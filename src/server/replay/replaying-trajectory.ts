import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { ReplayRecord } from "../../surfaces/replay/replay-record.js";
import type { Replay } from "../../surfaces/replay/replay.js";
import { Trajectory, type TrajectoryMessage } from "../../surfaces/replay/trajectory.js";
import { WireError } from "../errors/wire-error.js";
import type { RouteDescription } from "../routing/describe-route.js";
import { offsetOf, queryText } from "./replay-query.js";
import { trajectoryReplySchema } from "./replay-replies.js";
import { messagesShownTo } from "./shown-to.js";

/** The messages of one answer as JSON, in bytes. A longer conversation goes on in the next. */
const mostBytesOfMessages = 4 * 1024 * 1024;

const description: RouteDescription = {
  role: "viewer",
  tag: "Router replay",
  summary: "Read the conversation of a session",
  query: z.object({
    session_id: z.string(),
    offset: z.string().optional().describe("Skips so many messages: next_offset of an earlier answer. Default 0."),
  }),
  reply: trajectoryReplySchema,
  errors: "replay",
};

/** The reference's trajectory of a session; a conversation that is too long for one answer is told in several. */
export function replayingTrajectory(server: FastifyInstance, replay: Replay): void {
  const url = "/v1/router_replay/trajectory";
  server.get(url, { exposeHeadRoute: false, config: { description } }, async (request) => {
    const session_id = queryText(request, "session_id");
    if (session_id === undefined) {
      throw new WireError(400, "session_id is required", { param: "session_id", code: "invalid_parameter" });
    }
    const offset = offsetOf(request) ?? 0;
    const { messages, recordCount, hasMore } = await pageOf(recordsOf(replay, session_id), offset);
    return {
      object: "router_replay.trajectory",
      session_id,
      record_count: recordCount,
      messages: messagesShownTo(request, messages),
      ...(hasMore ? { has_more: true, next_offset: offset + messages.length } : {}),
    };
  });
}

interface TrajectoryPage {
  readonly messages: readonly TrajectoryMessage[];
  readonly recordCount: number;
  readonly hasMore: boolean;
}

/** Every record is looked at for what it repeats; only the messages of the page are kept. */
async function pageOf(records: AsyncIterable<ReplayRecord>, offset: number): Promise<TrajectoryPage> {
  const trajectory = new Trajectory();
  const messages: TrajectoryMessage[] = [];
  let [recordCount, skipped, bytes, hasMore] = [0, 0, 0, false];
  for await (const record of records) {
    recordCount += 1;
    for (const message of trajectory.add(record)) {
      if (skipped < offset) {
        skipped += 1;
        continue;
      }
      bytes += Buffer.byteLength(JSON.stringify(message));
      // The first is given whatever its size, or nobody would ever come behind it.
      hasMore ||= messages.length > 0 && bytes > mostBytesOfMessages;
      if (!hasMore) messages.push(message);
    }
  }
  return { messages, recordCount, hasMore };
}

/** Those that name the session; where none does, those of the request of that id, which are few. */
async function* recordsOf(replay: Replay, session_id: string): AsyncGenerator<ReplayRecord> {
  let isNamed = false;
  for await (const { record } of replay.export({ session_id })) {
    isNamed = true;
    yield record;
  }
  if (isNamed) return;
  for (const { record } of await replay.session(session_id)) yield record;
}
