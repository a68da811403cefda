import { isDeepStrictEqual } from "node:util";
import { withoutMembers } from "./without-members.js";
import { stepTextMembers, type ToolTrace, type ToolTraceStep } from "./tool-trace.js";

/** How the reference names the steps in a flow. */
const labels: ReadonlyMap<string, string> = new Map([
  ["user_input", "User Query"],
  ["assistant_tool_call", "LLM Tool Call"],
  ["client_tool_result", "Client Tool Result"],
  ["assistant_final_response", "LLM Final Response"],
  ["assistant_reasoning_complete", "LLM Reasoning Complete"],
]);
const arrow = " -> ";

/**
 * Appends what a later report of a request's tool loop adds to an earlier one. Reports overlap: the response's begins
 * with steps of the request's, and a retry is a repeat of all of it. What was dropped from the earlier one stays counted.
 */
export function mergeToolTrace(earlier: ToolTrace | undefined, later: ToolTrace): ToolTrace {
  const known = earlier?.steps ?? [];
  const dropped = earlier?.dropped_step_count ?? 0;
  const reported = later.steps ?? [];
  const repeated = repeatedSteps(known, reported, dropped);
  const added = newSteps(known, reported.slice(repeated));
  const steps = [...known, ...added];
  const laterDropped = later.dropped_step_count ?? 0;
  // A report that repeats the earlier one speaks of the same steps that were dropped, and one that does not, of others.
  const droppedInAll = repeated > 0 ? Math.max(dropped, laterDropped) : dropped + laterDropped;
  const before = earlier?.flow ?? flowOf(undefined, known);
  const given = earlier === undefined || later.steps === undefined ? later.flow : undefined;
  const flow = given ?? flowOf(before, added);
  const stage = flow?.split(arrow).at(-1);
  const names = new Set([...(earlier?.tool_names ?? []), ...(later.tool_names ?? [])]);
  for (const { tool_name } of steps) if (tool_name !== undefined) names.add(tool_name);
  return {
    ...earlier,
    ...later,
    ...(flow === undefined ? {} : { flow }),
    ...(stage === undefined ? {} : { stage }),
    ...(names.size === 0 ? {} : { tool_names: [...names] }),
    ...(earlier?.steps === undefined && later.steps === undefined ? {} : { steps }),
    ...(earlier?.steps_truncated === true || later.steps_truncated === true ? { steps_truncated: true } : {}),
    ...(droppedInAll === 0 ? {} : { dropped_step_count: droppedInAll }),
  };
}

/** How many steps at the beginning of a report are known already. */
function repeatedSteps(known: readonly ToolTraceStep[], reported: readonly ToolTraceStep[], dropped: number): number {
  // A repeat of the whole trace also has the steps that were dropped from ours, before those that we still have.
  for (let skipped = 0; known.length > 0 && skipped <= dropped; skipped += 1) {
    if (skipped + known.length > reported.length) break;
    if (known.every((step, index) => isRepeat(step, reported[skipped + index]))) return skipped + known.length;
  }
  // Otherwise it begins with what ours ends with.
  for (let length = Math.min(known.length, reported.length); length > 0; length -= 1) {
    const end = known.slice(-length);
    if (end.every((step, index) => isRepeat(step, reported[index]))) return length;
  }
  return 0;
}

/** Drops calls and results that are known by their id, and steps that only repeat the one before. */
function newSteps(known: readonly ToolTraceStep[], reported: readonly ToolTraceStep[]): ToolTraceStep[] {
  const callsOf = (step: ToolTraceStep): string | undefined =>
    step.tool_call_id === undefined || step.tool_call_id === ""
      ? undefined
      : JSON.stringify([step.type, step.tool_call_id]);
  const calls = new Set(known.map(callsOf).filter((call) => call !== undefined));
  const added: ToolTraceStep[] = [];
  for (const step of reported) {
    const call = callsOf(step);
    const previous = added.at(-1) ?? known.at(-1);
    if (call === undefined ? previous !== undefined && isRepeat(previous, step) : calls.has(call)) continue;
    if (call !== undefined) calls.add(call);
    added.push(step);
  }
  return added;
}

/** Whether a reported step is one that is stored, perhaps with its text cut. */
function isRepeat(stored: ToolTraceStep, reported: ToolTraceStep | undefined): boolean {
  if (reported === undefined) return false;
  const texts = [...stepTextMembers, "truncated"];
  if (!isDeepStrictEqual(withoutMembers(stored, texts), withoutMembers(reported, texts))) return false;
  return stepTextMembers.every((name) => {
    const [kept, full] = [stored[name], reported[name]];
    return kept === full || (stored.truncated === true && (full ?? "").startsWith(kept ?? ""));
  });
}

/** The earlier flow, and the labels of what was added: dropped steps are no longer there to make it from. */
function flowOf(earlier: string | undefined, added: readonly ToolTraceStep[]): string | undefined {
  const before = earlier === undefined || earlier === "" ? [] : earlier.split(arrow);
  const after = added.map(({ type }) => labels.get(type) ?? type);
  const flow = [...before, ...after].filter((label, index, all) => label !== "" && label !== all[index - 1]);
  return flow.length === 0 ? undefined : flow.join(arrow);
}
