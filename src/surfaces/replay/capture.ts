import { HoldfastError } from "../../errors.js";
import type { CapturePolicy } from "./capture-policy.js";
import { cutText } from "./cut-text.js";
import type { StoredReplayBody } from "./replay-document.js";
import type { ReplayRecord } from "./replay-record.js";
import { withoutMembers } from "./without-members.js";
import { boundSteps, stepsWithoutText } from "./tool-trace-bounds.js";

/** A record as its policy lets it be stored. */
export type Captured = Pick<StoredReplayBody, "record" | "bytes" | "degraded">;

const bodies = ["request_body", "response_body"] as const;
const toolTexts = ["prompt", "tool_definitions"] as const;

/**
 * Brings a record within its policy. It is applied to the whole record with each write, and changes nothing when applied
 * again, so whatever order the parts arrive in, no part of a stored record is beyond the policy.
 *
 * What is switched off is left out, which is no truncation. What is cut says so in its `*_truncated`, and goes on saying
 * so: a later, shorter text does not bring back what was lost.
 *
 * @param degraded what had to go from earlier versions of the record.
 * @throws HoldfastError `DOCUMENT_TOO_LARGE` if what is left without any text is still too large.
 */
export function capture(record: ReplayRecord, policy: CapturePolicy, degraded: Captured["degraded"] = []): Captured {
  const lost = new Set(degraded);
  let kept = policy.capture_text ? withinPolicy(record, policy) : withoutText(record);
  if (isTooLarge(kept, policy)) {
    kept = losing(kept, bodies);
    lost.add("bodies");
  }
  if (isTooLarge(kept, policy)) {
    kept = withoutToolText(kept);
    lost.add("tool_text");
  }
  if (isTooLarge(kept, policy)) {
    const [bytes, allowed] = [sizeOf(kept), policy.max_record_bytes];
    throw new HoldfastError(
      "DOCUMENT_TOO_LARGE",
      `The replay record ${JSON.stringify(record.id)} has ${bytes} bytes without any captured text; ${allowed} are ` +
        "allowed. Record less of its diagnostics, or raise max_record_bytes in its policy.",
      { details: { id: record.id, bytes, allowed } },
    );
  }
  return { record: kept, bytes: sizeOf(kept), ...(lost.size === 0 ? {} : { degraded: [...lost] }) };
}

function withinPolicy(record: ReplayRecord, policy: CapturePolicy): ReplayRecord {
  const kept = { ...record };
  if (!policy.capture_request_body) delete kept.request_body;
  if (!policy.capture_response_body) delete kept.response_body;
  for (const name of bodies) cutMember(kept, name, policy.max_body_bytes);
  if (policy.max_tool_trace_bytes > 0) {
    for (const name of toolTexts) cutMember(kept, name, policy.max_tool_trace_bytes);
  }
  if (kept.tool_trace !== undefined) kept.tool_trace = boundSteps(kept.tool_trace, policy);
  return kept;
}

function cutMember(
  record: ReplayRecord,
  name: (typeof bodies)[number] | (typeof toolTexts)[number],
  bytes: number,
): void {
  const text = record[name];
  if (text === undefined) return;
  const cut = cutText(text, bytes);
  if (cut.length === text.length) return;
  record[name] = cut;
  record[`${name}_truncated`] = true;
}

/** The record with the one switch off: the facts, and none of the words. */
function withoutText(record: ReplayRecord): ReplayRecord {
  const kept = withoutMembers(record, [...bodies, ...toolTexts, "hallucination_spans"]);
  if (kept.tool_trace !== undefined) kept.tool_trace = stepsWithoutText(kept.tool_trace, { isTruncation: false });
  if (kept.hallucination_span_details !== undefined) {
    kept.hallucination_span_details = kept.hallucination_span_details.map((span) => ({
      ...span,
      text: "",
      explanation: "",
    }));
  }
  return kept;
}

function withoutToolText(record: ReplayRecord): ReplayRecord {
  const kept = losing(record, toolTexts);
  if (kept.tool_trace !== undefined) kept.tool_trace = stepsWithoutText(kept.tool_trace, { isTruncation: true });
  return kept;
}

function losing(
  record: ReplayRecord,
  names: readonly ((typeof bodies)[number] | (typeof toolTexts)[number])[],
): ReplayRecord {
  const kept = withoutMembers(record, names);
  for (const name of names) if (record[name] !== undefined) kept[`${name}_truncated`] = true;
  return kept;
}

/** What a record's end writes into it is not counted against the limit: a record that fills it can still be ended. */
function isTooLarge(record: ReplayRecord, { max_record_bytes }: CapturePolicy): boolean {
  if (sizeOf(record) <= max_record_bytes) return false;
  const unended = { ...record };
  delete unended.ended_at;
  delete unended.duration_ms;
  delete unended.terminal_reason;
  return sizeOf({ ...unended, lifecycle_state: "in_progress" }) > max_record_bytes;
}

function sizeOf(record: ReplayRecord): number {
  return Buffer.byteLength(JSON.stringify(record));
}
