import { isDeepStrictEqual } from "node:util";
import { ProblemList } from "../history/problems.js";
import { checkedCopy } from "./checked-copy.js";
import { hallucinationMembers } from "./hallucination.js";
import { longestTerminalReason, type LifecycleState } from "./lifecycle.js";
import { mergeToolTrace } from "./merge-tool-trace.js";
import { momentOf } from "./order-key.js";
import { bodyOf, orderOf } from "./prepare-record.js";
import { replayChangesSchema, type CapturedBody, type ReplayChanges, type ReplayStatus } from "./replay-changes.js";
import type { StoredReplayBody } from "./replay-document.js";
import { replayRecordSchema, type ReplayRecord } from "./replay-record.js";
import { stepsWithoutText } from "./tool-trace-bounds.js";
import { usageMembers } from "./usage.js";
import { withWellFormedSteps } from "./well-formed-text.js";

/**
 * Checks changes and takes a copy of them.
 *
 * @throws HoldfastError `INVALID_DOCUMENT` with every problem listed.
 */
export function checkChanges(changes: ReplayChanges): ReplayChanges {
  const problems = new ProblemList();
  const checked = checkedCopy(replayChangesSchema, withMendedText(changes), "", problems);
  if (checked !== undefined) {
    refuseForeignMembers(checked.usage, usageMembers, "/usage", problems);
    refuseForeignMembers(checked.hallucination, hallucinationMembers, "/hallucination", problems);
  }
  return problems.accepted(checked, "The change of a replay record is not acceptable.");
}

/**
 * Makes the next version of a stored record.
 *
 * @param now milliseconds since 1970.
 * @returns the version, or `undefined` if nothing changes; and whether the record ended with it.
 * @throws HoldfastError `DOCUMENT_TOO_LARGE`
 */
export function applyChanges(
  stored: StoredReplayBody,
  changes: ReplayChanges,
  now: number,
): { readonly body: StoredReplayBody | undefined; readonly finished: boolean } {
  const { policy, recorder } = stored;
  const record: ReplayRecord = { ...stored.record, ...changes.usage, ...changes.hallucination };
  if (changes.status !== undefined) applyStatus(record, changes.status);
  const captures = { request: policy.capture_request_body, response: policy.capture_response_body };
  for (const name of ["request", "response"] as const) {
    const attached = changes[name];
    if (attached === undefined || !policy.capture_text || !captures[name]) continue;
    record[`${name}_body`] = attached.body;
    if (attached.truncated === true) record[`${name}_body_truncated`] = true;
  }
  if (changes.tool_trace !== undefined) {
    // Without text on both sides, or what is known could not be told from what is new.
    const trace = policy.capture_text
      ? changes.tool_trace
      : stepsWithoutText(changes.tool_trace, { isTruncation: false });
    record.tool_trace = mergeToolTrace(record.tool_trace, trace);
  }
  if (changes.outcome !== undefined) record.outcomes = [...(record.outcomes ?? []), changes.outcome];
  const finished = changes.finish !== undefined && finish(record, changes.finish.state, changes.finish.reason, now);

  const body = bodyOf(record, { ...stored, touched_at: new Date(now).toISOString() });
  // Any word of a remote recorder about a record under way shows that the recorder lives, also one with no news in it.
  const isSignOfLife = recorder !== undefined && record.lifecycle_state === "in_progress";
  const isNews = isSignOfLife || !isDeepStrictEqual({ ...body, touched_at: stored.touched_at }, stored);
  return { body: isNews ? body : undefined, finished };
}

/**
 * Ends a record, if it has not ended: the first to say so is right, and whoever comes later changes nothing.
 *
 * @param now milliseconds since 1970.
 * @returns whether it ended by this.
 */
export function finish(record: ReplayRecord, state: LifecycleState, reason: string | undefined, now: number): boolean {
  if (record.lifecycle_state !== "in_progress") return false;
  record.lifecycle_state = state;
  record.ended_at = new Date(now).toISOString();
  record.duration_ms = Math.max(0, Math.floor(now - momentOf(orderOf(record))));
  const trimmed = Array.from((reason ?? "").trim())
    .slice(0, longestTerminalReason)
    .join("");
  if (trimmed !== "") record.terminal_reason = trimmed;
  return true;
}

function applyStatus(record: ReplayRecord, { response_status, from_cache, streaming }: ReplayStatus): void {
  if (response_status !== undefined && response_status !== 0) record.response_status = response_status;
  if (from_cache === true) record.from_cache = true;
  if (streaming === true) record.streaming = true;
}

/** A group is open for members that nobody knows yet, not for those of another group. */
function refuseForeignMembers(group: object | undefined, own: object, path: string, problems: ProblemList): void {
  for (const name of Object.keys(group ?? {})) {
    if (name in replayRecordSchema.shape && !(name in own)) problems.add(`${path}/${name}`, "does not belong here");
  }
}

/** Only captured text is mended; see `well-formed-text.ts`. */
function withMendedText(changes: ReplayChanges): unknown {
  const given: unknown = changes;
  if (typeof given !== "object" || given === null || Array.isArray(given)) return given;
  const mend = (part: CapturedBody | undefined): unknown =>
    typeof part?.body === "string" ? { ...part, body: part.body.toWellFormed() } : part;
  return {
    ...changes,
    request: mend(changes.request),
    response: mend(changes.response),
    tool_trace: withWellFormedSteps(changes.tool_trace),
  };
}
