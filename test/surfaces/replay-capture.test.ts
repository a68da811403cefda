import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { capture } from "../../src/surfaces/replay/capture.js";
import { cutText } from "../../src/surfaces/replay/cut-text.js";
import { decisionKeyOf } from "../../src/surfaces/replay/decision-key.js";
import { standardCapturePolicy, type CapturePolicy, type ReplayRecord } from "../../src/surfaces/replay/index.js";
import { momentOf, orderKeyOf, orderKeyOfMs } from "../../src/surfaces/replay/order-key.js";
import { stepTextMembers } from "../../src/surfaces/replay/tool-trace.js";
import { at, step } from "./replay-samples.js";

const bare: ReplayRecord = {
  id: "replay_1",
  timestamp: at(0),
  turn_index: 0,
  decision_tier: 0,
  decision_priority: 0,
  signals: {},
  lifecycle_state: "in_progress",
};

const policyWith = (members: Partial<CapturePolicy>): CapturePolicy => ({ ...standardCapturePolicy, ...members });
const bytesOf = (text: string | undefined): number => Buffer.byteLength(text ?? "");

describe("a cut", () => {
  test("P14: ends with a whole character, and as late as it can", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), fc.nat(60), (text, bytes) => {
        const cut = cutText(text, bytes);
        expect(text.startsWith(cut)).toBe(true);
        expect(cut.isWellFormed()).toBe(true);
        expect(bytesOf(cut)).toBeLessThanOrEqual(bytes);
        const next = String.fromCodePoint(text.codePointAt(cut.length) ?? 0);
        if (cut !== text) expect(bytesOf(cut + next)).toBeGreaterThan(bytes);
      }),
    );
  });
});

describe("the order of times", () => {
  test("is the order of their keys, to the nanosecond and over zones", () => {
    const times = [
      "2026-01-01T00:00:00.000000001+01:00",
      "2025-12-31T23:00:00.000000002Z",
      "2025-12-31T23:00:00.1Z",
      "2025-12-31T22:30:00.2-00:45",
      "2026-01-01t00:00:00z",
    ];
    const keys = times.map(orderKeyOf);
    expect(keys).toEqual([...keys].sort());
    expect(keys[0]).toBe("2025-12-31T23:00:00.000000001Z");
  });

  test("refuses what is no time", () => {
    const wrong = ["", "yesterday", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T24:00:00Z"];
    wrong.push("2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00+24:00", "0000-01-01T00:00:00+01:00");
    expect(wrong.filter((time) => orderKeyOf(time) !== undefined)).toEqual([]);
  });

  test("of milliseconds agrees", () => {
    const moment = Date.parse("2026-11-23T06:38:20.123Z");
    expect(orderKeyOfMs(moment)).toBe(orderKeyOf("2026-11-23T06:38:20.123Z"));
    expect(momentOf(orderKeyOfMs(moment))).toBe(moment);
  });
});

test("a decision is named with its recipe, except in the default one", () => {
  expect(decisionKeyOf(undefined, "code")).toBe("code");
  expect(decisionKeyOf("default", "code")).toBe("code");
  expect(decisionKeyOf("my recipe", "a:b")).toBe("my%20recipe::a%3Ab");
  expect(decisionKeyOf("r", undefined)).toBeUndefined();
});

describe("the capture policy", () => {
  const full: ReplayRecord = {
    ...bare,
    request_body: "request €",
    response_body: "response €",
    prompt: "prompt",
    tool_definitions: "[]",
    hallucination_spans: ["span"],
    hallucination_span_details: [
      {
        text: "span",
        start: 0,
        end: 4,
        hallucination_confidence: 0.5,
        nli_label: "neutral",
        nli_confidence: 0.5,
        severity: 1,
        explanation: "why",
      },
    ],
    tool_trace: {
      flow: "User Query",
      steps: [
        step("client_tool_result", {
          text: "text",
          arguments: "arguments",
          raw_arguments: "raw arguments",
          output: "output",
          raw_output: "raw output",
          tool_call_id: "call_1",
          later_member: "kept",
        }),
      ],
    },
  };

  test("P14: one switch leaves out all captured text, and says of none that it was cut", () => {
    const { record } = capture(full, policyWith({ capture_text: false }));
    const json = JSON.stringify(record);
    for (const text of ["request €", "response €", "prompt", "span", "why", "arguments", "output"]) {
      expect(json).not.toContain(`"${text}"`);
    }
    expect(json).not.toContain("truncated");
    expect(record.tool_trace?.steps).toEqual([
      { type: "client_tool_result", source: "request", tool_call_id: "call_1", later_member: "kept" },
    ]);
    expect(record.hallucination_span_details?.[0]).toMatchObject({ text: "", explanation: "", severity: 1 });
  });

  test("bodies can be switched off one by one", () => {
    const { record } = capture(full, policyWith({ capture_request_body: false }));
    expect(record).not.toHaveProperty("request_body");
    expect(record).not.toHaveProperty("request_body_truncated");
    expect(record.response_body).toBe("response €");
  });

  test("P14: bodies are cut on characters, and a cut stays told", () => {
    const { record } = capture(full, policyWith({ max_body_bytes: 9 }));
    expect(record).toMatchObject({ request_body: "request ", request_body_truncated: true });
    const later = capture({ ...record, request_body: "short" }, policyWith({ max_body_bytes: 9 }));
    expect(later.record).toMatchObject({ request_body: "short", request_body_truncated: true });
  });

  test("P14: the tool limit bounds every text of every step, the newest kept longest", () => {
    const long = Object.fromEntries(stepTextMembers.map((name) => [name, "x".repeat(50)]));
    const trace = { steps: [step("a", long), step("b", long), step("c", { text: "y".repeat(30) })] };
    const policy = policyWith({ max_tool_trace_bytes: 100 });
    const { record } = capture({ ...bare, tool_trace: trace, prompt: "p".repeat(500) }, policy);
    const texts = (record.tool_trace?.steps ?? []).map((kept) =>
      stepTextMembers.reduce((sum, name) => sum + bytesOf(kept[name]), 0),
    );
    expect(texts).toEqual([0, 70, 30]);
    expect(record.tool_trace?.steps?.map(({ truncated }) => truncated)).toEqual([true, true, undefined]);
    expect(record).toMatchObject({ prompt: "p".repeat(100), prompt_truncated: true });
  });

  test("the oldest steps beyond the number go, and are counted on top of earlier ones", () => {
    const steps = ["a", "b", "c", "d"].map((type) => step(type));
    const trace = { steps, dropped_step_count: 3 };
    const { record } = capture({ ...bare, tool_trace: trace }, policyWith({ max_tool_trace_steps: 2 }));
    expect(record.tool_trace).toEqual({ steps: steps.slice(2), steps_truncated: true, dropped_step_count: 5 });
  });

  test("P9: a record that is too large loses its bodies first, then its tool text, and is then refused", () => {
    const policy = policyWith({ max_record_bytes: 2_048, max_body_bytes: 2_000, max_tool_trace_bytes: 4_000 });
    const fat = { ...bare, request_body: "b".repeat(1_500), response_body: "c".repeat(1_500) };
    const first = capture(fat, policy);
    expect(first.degraded).toEqual(["bodies"]);
    expect(first.record).toMatchObject({ request_body_truncated: true, response_body_truncated: true });
    expect(first.record).not.toHaveProperty("request_body");

    const second = capture({ ...fat, prompt: "p".repeat(3_000) }, policy);
    expect(second.degraded).toEqual(["bodies", "tool_text"]);
    expect(second.record).toMatchObject({ prompt_truncated: true });
    expect(second.bytes).toBe(bytesOf(JSON.stringify(second.record)));

    const annotations = { note: "n".repeat(3_000) };
    expect(() => capture({ ...fat, route_diagnostics: { annotations } }, policy)).toThrow(
      expect.objectContaining({ code: "DOCUMENT_TOO_LARGE" }),
    );
  });

  test("whatever comes in, what is stored is within the limits, and doing it again changes nothing", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 400 });
    const anyStep = fc.record(
      { type: fc.constantFrom("a", "b"), text, arguments: text, output: text, raw_output: text },
      { requiredKeys: ["type"] },
    );
    const anyRecord = fc.record(
      { request_body: text, response_body: text, prompt: text, tool_definitions: text, steps: fc.array(anyStep) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(anyRecord, fc.integer({ min: 1, max: 300 }), fc.nat(300), ({ steps, ...rest }, body, tools) => {
        const given = { ...bare, ...rest, ...(steps === undefined ? {} : { tool_trace: { steps } }) };
        const policy = policyWith({ max_body_bytes: body, max_tool_trace_bytes: tools, max_record_bytes: 4_096 });
        // Steps without their text may be too much by themselves; that refusal has a test of its own.
        fc.pre((steps?.length ?? 0) < 20);
        const once = capture(given, policy);
        expect(once.bytes).toBeLessThanOrEqual(4_096);
        expect(bytesOf(once.record.request_body)).toBeLessThanOrEqual(body);
        expect(JSON.stringify(once.record).isWellFormed()).toBe(true);
        if (rest.request_body !== undefined && once.record.request_body !== rest.request_body) {
          expect(once.record.request_body_truncated).toBe(true);
        }
        expect(capture(once.record, policy, once.degraded)).toEqual(once);
      }),
    );
  });
});
