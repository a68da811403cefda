import { stepTextMembers } from "./tool-trace.js";

const recordTextMembers = ["request_body", "response_body", "prompt", "tool_definitions"] as const;

/**
 * Mends captured text that holds half of a surrogate pair: it is what clients and models sent, cut by who knows whom,
 * and no reason to lose a record. Everything else in a record is its recorder's own, and refused when malformed.
 */
export function withWellFormedText(record: unknown): unknown {
  if (!isObject(record)) return record;
  const mended = mendMembers(record, recordTextMembers);
  const trace = mended["tool_trace"];
  return trace === undefined ? mended : { ...mended, tool_trace: withWellFormedSteps(trace) };
}

/** The same of a tool trace by itself. */
export function withWellFormedSteps(trace: unknown): unknown {
  if (!isObject(trace) || !Array.isArray(trace["steps"])) return trace;
  const steps = (trace["steps"] as unknown[]).map((step) =>
    isObject(step) ? mendMembers(step, stepTextMembers) : step,
  );
  return { ...trace, steps };
}

function mendMembers(value: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  const mended = { ...value };
  for (const name of names) {
    const text = mended[name];
    if (typeof text === "string" && !text.isWellFormed()) mended[name] = text.toWellFormed();
  }
  return mended;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
