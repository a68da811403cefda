import type { ReplayRecordInput } from "../../surfaces/replay/replay-record.js";

/** Columns that hold JSON: as a value of `jsonb`, or as text where the column is one of text. */
const structured = new Set([
  "signals",
  "route_diagnostics",
  "learning",
  "outcomes",
  "session_policy",
  "projections",
  "projection_scores",
  "projection_trace",
  "signal_confidences",
  "signal_values",
  "tool_trace",
  "pii_entities",
  "hallucination_spans",
  "hallucination_span_details",
]);
const times = new Set(["timestamp", "ended_at"]);
const withZone = /(?:[Zz]|[+-]\d{2}:\d{2})$/;

/**
 * A row of the reference's table as a replay record. One column stands for one member, so what is left to do is to undo
 * what a table does to them: what a record leaves out is `null`, or empty text; a time may have no zone, and is UTC; an
 * unset one is in the year 1. Columns that are no member of a record stay, as unknown members do.
 *
 * @throws SyntaxError for a column of text that should hold JSON and does not.
 */
export function recordOfRow(row: Readonly<Record<string, unknown>>): ReplayRecordInput {
  const record: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    const member = memberOf(name, value);
    if (member !== undefined) record[name] = member;
  }
  // A row from before the reference knew states.
  record["lifecycle_state"] ??= "unknown";
  return record;
}

function memberOf(name: string, value: unknown): unknown {
  if (value === null || value === "") return undefined;
  if (typeof value !== "string") return value;
  if (structured.has(name)) return JSON.parse(value) ?? undefined;
  if (!times.has(name)) return value;
  const time = value.replace(" ", "T");
  if (time.startsWith("0001-01-01T00:00:00")) return undefined;
  return withZone.test(time) ? time : `${time}Z`;
}
