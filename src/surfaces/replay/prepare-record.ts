import { randomBytes } from "node:crypto";
import { ProblemList } from "../history/problems.js";
import { capture } from "./capture.js";
import { resolvePolicy, type CapturePolicyInput } from "./capture-policy.js";
import { checkedCopy } from "./checked-copy.js";
import { decisionKeyOf } from "./decision-key.js";
import { orderKeyOf, orderKeyOfMs } from "./order-key.js";
import { cellIdOf, dimensionsOf } from "./replay-counter-document.js";
import { recorderSchema, type Recorder, type StoredReplayBody } from "./replay-document.js";
import type { ReplaySettings } from "./replay-options.js";
import { replayRecordSchema, type ReplayRecord, type ReplayRecordInput } from "./replay-record.js";
import { withWellFormedText } from "./well-formed-text.js";

export interface RecordToAdd {
  readonly record: ReplayRecordInput;
  readonly policy?: CapturePolicyInput | undefined;
  readonly recorder?: Recorder | undefined;
}

const refusal = "The replay record can not be stored.";

/**
 * Turns what a recorder hands in into what is stored: completed by what is always present, checked as a whole, cut to
 * its policy.
 *
 * @throws HoldfastError `INVALID_DOCUMENT` with every problem listed; `DOCUMENT_TOO_LARGE`
 */
export function prepareRecord(
  { record, policy, recorder }: RecordToAdd,
  settings: ReplaySettings,
): { readonly id: string; readonly body: StoredReplayBody } {
  const problems = new ProblemList();
  const now = settings.now();
  const completed = completedRecord(record, now);
  const checked = checkedCopy(replayRecordSchema, withWellFormedText(completed), "/record", problems);
  const from = recorder === undefined ? undefined : checkedCopy(recorderSchema, recorder, "/recorder", problems);
  const resolved = resolvePolicy(policy, settings.policy, settings.policyLimits, problems);
  // Stored and hidden at once it would be acknowledged and yet never seen.
  if (checked !== undefined && orderOf(checked) <= expiryKey(settings)) {
    problems.add("/record/timestamp", "is older than records are kept");
  }
  const accepted = problems.accepted(checked, refusal);
  return {
    id: accepted.id,
    body: bodyOf(accepted, {
      policy: resolved,
      run: settings.run,
      ...(from === undefined ? {} : { recorder: from }),
      touched_at: new Date(now).toISOString(),
    }),
  };
}

/** A stored record as its new version makes it: everything that is derived from a record is derived here. */
export function bodyOf(
  record: ReplayRecord,
  rest: Pick<StoredReplayBody, "policy" | "run" | "touched_at"> & Partial<StoredReplayBody>,
): StoredReplayBody {
  const captured = capture(record, rest.policy, rest.degraded);
  const decision_key = decisionKeyOf(record.recipe, record.decision);
  return {
    ...rest,
    ...captured,
    order_key: orderOf(record),
    ...(decision_key === undefined ? {} : { decision_key }),
    cell: cellIdOf(dimensionsOf(record)),
  };
}

/** Records up to this order key have outlived their time. */
export function expiryKey({ now, retention }: Pick<ReplaySettings, "now" | "retention">): string {
  return orderKeyOfMs(now() - retention.timeToLiveMs);
}

/** What is always present has a natural beginning, and an empty state means the first, as in the reference. */
function completedRecord(record: ReplayRecordInput, now: number): unknown {
  const given: unknown = record;
  if (typeof given !== "object" || given === null || Array.isArray(given)) return given;
  const members = Object.entries(record).filter(([, member]) => member !== undefined);
  const completed = {
    id: randomBytes(16).toString("hex"),
    timestamp: new Date(now).toISOString(),
    turn_index: 0,
    decision_tier: 0,
    decision_priority: 0,
    signals: {},
    ...Object.fromEntries(members),
  };
  const state: unknown = record.lifecycle_state;
  return { ...completed, lifecycle_state: state === undefined || state === "" ? "in_progress" : state };
}

/** @param record one that was checked. */
export function orderOf(record: ReplayRecord): string {
  const key = orderKeyOf(record.timestamp);
  if (key === undefined) throw new TypeError("The timestamp of a checked record is no time.");
  return key;
}
