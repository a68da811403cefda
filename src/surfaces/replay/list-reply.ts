import type { ReplayPage } from "./replay-query.js";
import type { ReplayRecord } from "./replay-record.js";

/** A page of records, in the shape of the reference (`surfaces.md` 2.6). */
export interface ReplayList {
  readonly object: "router_replay.list";
  /** Of this page. */
  readonly count: number;
  /** Before paging. */
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
  readonly has_more: boolean;
  /** Only when there is more, and not on a page that was asked for with a cursor: it has no offset to go on from. */
  readonly next_offset?: number;
  /** Only when there is more. A page asked for with it neither repeats nor skips what arrives meanwhile. */
  readonly next_after?: string;
  readonly data: readonly Readonly<Record<string, unknown>>[];
}

export interface ListReplyOptions {
  /** Whether the page was asked for with a cursor. */
  readonly isKeyset: boolean;
  /** How each record is shown. */
  readonly show: (record: ReplayRecord) => Readonly<Record<string, unknown>>;
}

export function listReply(page: ReplayPage, { isKeyset, show }: ListReplyOptions): ReplayList {
  const { records, total, limit, offset, hasMore, next } = page;
  return {
    object: "router_replay.list",
    count: records.length,
    total,
    limit,
    offset,
    has_more: hasMore,
    ...(hasMore && !isKeyset ? { next_offset: offset + records.length } : {}),
    ...(hasMore && next !== undefined ? { next_after: next } : {}),
    data: records.map(({ record }) => show(record)),
  };
}

const leftOutOfSummaries = ["request_body", "response_body", "prompt", "tool_definitions", "projection_trace"] as const;

/** A record without its long parts: captured text, projection trace, and the steps of its tool trace. */
export function summaryOf(record: ReplayRecord): Record<string, unknown> {
  const summary: Record<string, unknown> = { ...record };
  for (const name of leftOutOfSummaries) Reflect.deleteProperty(summary, name);
  const trace = record.tool_trace;
  if (trace !== undefined) {
    const ofSteps = (trace.steps ?? []).map(({ tool_name }) => tool_name ?? "").filter((name) => name !== "");
    const names = [...new Set([...(trace.tool_names ?? []), ...ofSteps])].sort();
    summary["tool_trace"] = {
      ...(trace.flow === undefined ? {} : { flow: trace.flow }),
      ...(trace.stage === undefined ? {} : { stage: trace.stage }),
      ...(names.length === 0 ? {} : { tool_names: names }),
    };
  }
  return summary;
}
