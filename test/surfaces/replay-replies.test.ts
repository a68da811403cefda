import { describe, expect, test } from "vitest";
import { aggregateReply } from "../../src/surfaces/replay/aggregate-reply.js";
import {
  signalKinds,
  type ReplayAggregate,
  type ReplayGroup,
  type StoredReplayRecord,
} from "../../src/surfaces/replay/index.js";
import { listReply, summaryOf } from "../../src/surfaces/replay/list-reply.js";
import type { ReplayRecord } from "../../src/surfaces/replay/replay-record.js";

const record: ReplayRecord = {
  id: "r1",
  timestamp: "2026-01-02T03:04:05Z",
  turn_index: 0,
  decision_tier: 0,
  decision_priority: 0,
  signals: {},
  lifecycle_state: "completed",
};

describe("a summary", () => {
  test("leaves out captured text and projection trace, and keeps the rest, flags and unknown members too", () => {
    const kept = {
      ...record,
      request_body_truncated: true,
      outcomes: [{ timestamp: "2026-01-02T03:04:05Z", source: "user", target: "model", verdict: "failed" }],
      learning: { adaptation: { method: "m" } },
      invented_later: [1],
    };
    const whole: ReplayRecord = {
      ...kept,
      request_body: "a",
      response_body: "b",
      prompt: "c",
      tool_definitions: "d",
      projection_trace: { schema_version: "1" },
    };
    const before = structuredClone(whole);
    expect(summaryOf(whole)).toEqual(kept);
    expect(whole).toEqual(before);
  });

  test("keeps of a tool trace its flow, its stage, and every tool's name once and sorted", () => {
    const steps = ["b", undefined, "a", "", "b"].map((tool_name) => ({
      type: "assistant_tool_call",
      ...(tool_name === undefined ? {} : { tool_name }),
    }));
    const trace = { flow: "f", stage: "s", tool_names: ["c", "a"], steps, steps_truncated: true, invented_later: 1 };
    expect(summaryOf({ ...record, tool_trace: trace })["tool_trace"]).toEqual({
      flow: "f",
      stage: "s",
      tool_names: ["a", "b", "c"],
    });
    expect(summaryOf({ ...record, tool_trace: { steps: [] } })["tool_trace"]).toEqual({});
  });
});

test("a page by cursor has no offset to go on from, and the last page says nothing of a next", () => {
  const stored = { record } as StoredReplayRecord;
  const page = { records: [stored], total: 3, limit: 1, offset: 0, hasMore: true, next: "cursor" };
  const show = ({ id }: ReplayRecord): { id: string } => ({ id });
  const common = { object: "router_replay.list", count: 1, total: 3, limit: 1, data: [{ id: "r1" }] };
  expect(listReply(page, { isKeyset: false, show })).toEqual({
    ...common,
    offset: 0,
    has_more: true,
    next_offset: 1,
    next_after: "cursor",
  });
  expect(listReply(page, { isKeyset: true, show })).toEqual({
    ...common,
    offset: 0,
    has_more: true,
    next_after: "cursor",
  });
  const { next, ...rest } = page;
  expect(next).toBe("cursor");
  expect(listReply({ ...rest, offset: 2, hasMore: false }, { isKeyset: false, show })).toEqual({
    ...common,
    offset: 2,
    has_more: false,
  });
});

describe("an aggregate", () => {
  const none = { inputTokens: 0, outputTokens: 0, totalTokens: 0, recordCount: 0 };
  const group = (name: string, recordCount: number, totalTokens = 0): ReplayGroup => ({
    name,
    recordCount,
    tokens: { ...none, totalTokens, recordCount: totalTokens > 0 ? recordCount : 0 },
  });
  const empty: ReplayAggregate = {
    recordCount: 0,
    bytes: 0,
    lifecycle: { in_progress: 0, completed: 0, failed: 0, aborted: 0, unknown: 0 },
    costs: [],
    costExcludedCount: 0,
    signals: Object.fromEntries(signalKinds.map((kind) => [kind, 0])) as ReplayAggregate["signals"],
    tokens: none,
    tokensExcludedCount: 0,
    byDecision: [],
    bySelectedModel: [],
    available: { recipes: [], decisions: [], models: [] },
  };

  test("sorts by value, then by name, names what has none, and ends its lists where the reference does", () => {
    const letters = Array.from("abcdefghijkl");
    const reply = aggregateReply({
      ...empty,
      bySelectedModel: [group("", 5, 3), ...letters.map((name) => group(name, 1, 1))].reverse(),
      byDecision: [...letters.map((name) => group(name, 1, 2)), group("z", 2)],
      signals: { ...empty.signals, kb: 1, authz: 2, keyword: 1 },
    });
    expect(reply.model_selection).toHaveLength(10);
    expect(reply.model_selection.slice(0, 3)).toEqual([
      { name: "Unknown", value: 5 },
      { name: "a", value: 1 },
      { name: "b", value: 1 },
    ]);
    expect(reply.decision_distribution.map(({ name }) => name).join("")).toBe("zabcdefghijkl");
    expect(reply.token_breakdown.by_decision.map(({ name }) => name).join("")).toBe("abcdefgh");
    expect(reply.token_breakdown.by_selected_model[0]).toEqual({
      name: "Unknown",
      input_tokens: 0,
      output_tokens: 0,
      total_tokens: 3,
    });
    expect(reply.signal_distribution).toEqual([
      { name: "authz", value: 2 },
      { name: "kb", value: 1 },
      { name: "keyword", value: 1 },
    ]);
  });

  test("never adds amounts of different currencies, and says how many records its one sum leaves out (P17)", () => {
    const sums = { totalSaved: 1, baselineSpend: 3, actualSpend: 2 };
    const reply = aggregateReply({
      ...empty,
      recordCount: 10,
      costs: [
        { currency: "USD", ...sums, recordCount: 4 },
        { currency: "", ...sums, recordCount: 1 },
      ],
      costExcludedCount: 5,
    });
    const shown = { total_saved: 1, baseline_spend: 3, actual_spend: 2 };
    expect(reply.summary).toEqual({
      ...shown,
      currency: "USD",
      cost_record_count: 4,
      excluded_record_count: 6,
      by_currency: [
        { ...shown, currency: "USD", cost_record_count: 4 },
        { ...shown, cost_record_count: 1 },
      ],
    });
    expect(aggregateReply(empty).summary).toEqual({
      total_saved: 0,
      baseline_spend: 0,
      actual_spend: 0,
      cost_record_count: 0,
      excluded_record_count: 0,
      by_currency: [],
    });
  });
});
