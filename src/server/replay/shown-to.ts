import type { FastifyRequest } from "fastify";
import { redactRecord, redactTrajectory, UnredactableError } from "../../surfaces/replay/redaction.js";
import type { ReplayRecord } from "../../surfaces/replay/replay-record.js";
import type { TrajectoryMessage } from "../../surfaces/replay/trajectory.js";
import { includesRole, roleOf } from "../access/role-of.js";
import { WireError } from "../errors/wire-error.js";

type Shown = Readonly<Record<string, unknown>>;

/** A record as the sender of a request may see it. @throws WireError 500 if it can not be redacted for a viewer. */
export function recordShownTo(request: FastifyRequest, record: ReplayRecord | Shown): Shown {
  return seesDetail(request) ? record : safely(() => redactRecord(record));
}

/** Messages as the sender of a request may see them. @throws WireError 500 if they can not be redacted for a viewer. */
export function messagesShownTo(
  request: FastifyRequest,
  messages: readonly TrajectoryMessage[],
): readonly (TrajectoryMessage | Shown)[] {
  return seesDetail(request) ? messages : safely(() => redactTrajectory(messages));
}

function seesDetail(request: FastifyRequest): boolean {
  return includesRole(roleOf(request), "detail");
}

/** What can not be redacted does not leave, and neither does anything beside it. */
function safely<Result>(redact: () => Result): Result {
  try {
    return redact();
  } catch (error) {
    if (!(error instanceof UnredactableError)) throw error;
    throw new WireError(500, "router replay response could not be safely redacted", {
      code: "not_redactable",
      cause: error,
      shouldRetry: false,
    });
  }
}
