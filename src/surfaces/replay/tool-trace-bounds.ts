import type { CapturePolicy } from "./capture-policy.js";
import { cutText } from "./cut-text.js";
import { withoutMembers } from "./without-members.js";
import { stepTextMembers, type ToolTrace, type ToolTraceStep } from "./tool-trace.js";

/**
 * Brings the steps of a trace within a policy: the oldest beyond the number go, and are counted; then the texts of those
 * that stay share the bytes, the newest step first, since the oldest matter least.
 */
export function boundSteps(trace: ToolTrace, policy: CapturePolicy): ToolTrace {
  const { steps } = trace;
  if (steps === undefined) return trace;
  const { max_tool_trace_steps: mostSteps, max_tool_trace_bytes: mostBytes } = policy;
  const dropped = mostSteps === 0 ? 0 : Math.max(0, steps.length - mostSteps);
  const kept = steps.slice(dropped);
  const bounded = { ...trace, steps: mostBytes === 0 ? kept : cutSteps(kept, mostBytes) };
  if (dropped === 0) return bounded;
  return { ...bounded, steps_truncated: true, dropped_step_count: (trace.dropped_step_count ?? 0) + dropped };
}

function cutSteps(steps: readonly ToolTraceStep[], bytes: number): ToolTraceStep[] {
  let left = bytes;
  return steps
    .toReversed()
    .map((step) => {
      const cut = { ...step };
      for (const name of stepTextMembers) {
        const text = cut[name];
        if (text === undefined) continue;
        const kept = cutText(text, left);
        left -= Buffer.byteLength(kept);
        if (kept.length === text.length) continue;
        cut[name] = kept;
        cut.truncated = true;
      }
      return cut;
    })
    .reverse();
}

/** The steps without what was said in them. @param isTruncation whether they are to say that it was lost. */
export function stepsWithoutText(trace: ToolTrace, { isTruncation }: { readonly isTruncation: boolean }): ToolTrace {
  const steps = trace.steps?.map((step) => {
    const bare = withoutMembers(step, stepTextMembers);
    const isLost = stepTextMembers.some((name) => step[name] !== undefined && step[name] !== "");
    return isTruncation && isLost ? { ...bare, truncated: true } : bare;
  });
  return steps === undefined ? trace : { ...trace, steps };
}
