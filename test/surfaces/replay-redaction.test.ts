import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { messageRule, recordRule, type RedactionRule } from "../../src/surfaces/replay/redaction-rules.js";
import { replayRecordSchema } from "../../src/surfaces/replay/replay-record.js";
import { redactRecord, redactTrajectory, UnredactableError } from "../../src/surfaces/replay/redaction.js";

const marker = "what-a-person-said";

describe("a redacted record", () => {
  test("has text blanked in place, each kind of value by its own nothing, and the rest as it was", () => {
    const shown = redactRecord({
      id: "r1",
      turn_index: 2,
      request_body: marker,
      response_body: "",
      prompt: null,
      pii_entities: [marker],
      session_policy: { rule: marker },
      request_body_truncated: true,
      signals: { keyword: ["code"], kb: [] },
      signal_values: { length: 3 },
      hallucination_span_details: [{ text: marker, start: 1, end: 2, nli_label: "NEUTRAL", explanation: marker }],
      route_diagnostics: { decision: "d", decision_reason: marker, annotations: { a: marker }, memory_fail_open: true },
      learning: {
        adaptation: { method: "m", reason: marker, scores: { "model-a": { score: 1 } } },
        protection: { remaining_turn_prior_rejected: marker, rescue: { active: false } },
      },
    });
    expect(shown).toEqual({
      id: "r1",
      turn_index: 2,
      request_body: "",
      response_body: "",
      prompt: null,
      pii_entities: [],
      session_policy: {},
      request_body_truncated: true,
      signals: { keyword: ["code"], kb: [] },
      signal_values: { length: 3 },
      hallucination_span_details: [{ text: "", start: 1, end: 2, nli_label: "NEUTRAL", explanation: "" }],
      route_diagnostics: { decision: "d", decision_reason: "", annotations: {}, memory_fail_open: true },
      learning: {
        adaptation: { method: "m", reason: "", scores: { "model-a": { score: 1 } } },
        protection: { remaining_turn_prior_rejected: "", rescue: { active: false } },
      },
    });
  });

  test("says of steps and outcomes that content was withheld, and of tool results whether they succeeded", () => {
    const steps = [
      { type: "user_input", text: marker },
      { type: "assistant_reasoning_complete", source: "stream" },
      { type: "assistant_tool_call", tool_name: "f", tool_call_id: "c1", arguments: { q: marker }, raw_arguments: [1] },
      { type: "client_tool_result", tool_call_id: "c1", output: marker },
      { type: "client_tool_result", output: `TOOL EXECUTION FAILED: ${marker}` },
      { type: "client_tool_result", raw_output: "null" },
      { type: "client_tool_result" },
    ];
    const outcomes = [
      { verdict: "failed", score: 0.5, reason: marker, metadata: { k: marker } },
      { verdict: "good_fit" },
    ];
    const shown = redactRecord({ tool_trace: { flow: "User Query", tool_names: ["f"], steps }, outcomes });
    expect(shown).toEqual({
      tool_trace: {
        flow: "User Query",
        tool_names: ["f"],
        steps: [
          { type: "user_input", text: "", content_redacted: true },
          { type: "assistant_reasoning_complete", source: "stream" },
          {
            type: "assistant_tool_call",
            tool_name: "f",
            tool_call_id: "c1",
            arguments: {},
            raw_arguments: [],
            content_redacted: true,
          },
          { type: "client_tool_result", tool_call_id: "c1", output: "", content_redacted: true, status: "succeeded" },
          { type: "client_tool_result", output: "", content_redacted: true, status: "failed" },
          { type: "client_tool_result", raw_output: "", content_redacted: true, status: "failed" },
          { type: "client_tool_result", status: "failed" },
        ],
      },
      outcomes: [
        { verdict: "failed", score: 0.5, reason: "", metadata: {}, content_redacted: true },
        { verdict: "good_fit" },
      ],
    });
  });

  test("has no member that is not known, at any depth", () => {
    const unknown = { invented: marker };
    const shown = redactRecord({
      ...unknown,
      id: "r1",
      signals: { ...unknown },
      outcomes: [{ ...unknown }],
      tool_trace: { ...unknown, steps: [{ ...unknown, type: "user_input" }] },
      route_diagnostics: { ...unknown },
      learning: { ...unknown, protection: { identity: { session: { ...unknown } }, candidate_traces: { m: unknown } } },
      projection_trace: { ...unknown, schema_version: "1", partitions: [{ ...unknown, contenders: [unknown] }] },
      constructor: marker,
    });
    expect(JSON.stringify(shown)).not.toContain(marker);
    expect(shown).toMatchObject({ id: "r1", outcomes: [{ content_redacted: true }] });
  });

  test("is refused if a value that would be shown is of another kind, and the refusal does not quote it", () => {
    const damaged: readonly (readonly [unknown, string])[] = [
      [marker, ""],
      [null, ""],
      [[], ""],
      [{ decision: { text: marker } }, "/decision"],
      [{ turn_index: marker }, "/turn_index"],
      [{ from_cache: marker }, "/from_cache"],
      [{ signals: { keyword: [{ text: marker }] } }, "/signals/keyword"],
      [{ signals: [marker] }, "/signals"],
      [{ signal_values: { a: marker } }, "/signal_values"],
      [{ outcomes: { 0: marker } }, "/outcomes"],
      [{ tool_trace: { steps: [marker] } }, "/tool_trace/steps/0"],
      [{ learning: { adaptation: { scores: { m: { score: marker } } } } }, "/learning/adaptation/scores/*/score"],
    ];
    for (const [record, path] of damaged) {
      let refusal: unknown;
      try {
        redactRecord(record);
      } catch (error) {
        refusal = error;
      }
      expect(refusal).toBeInstanceOf(UnredactableError);
      expect(refusal).toMatchObject({ path });
      expect((refusal as Error).message).not.toContain(marker);
    }
  });

  test("leaves the record itself as it is", () => {
    const record = { id: "r1", prompt: marker, outcomes: [{ reason: marker }] };
    const before = structuredClone(record);
    redactRecord(record);
    expect(record).toEqual(before);
  });
});

test("a redacted trajectory keeps who spoke and which tools were called", () => {
  const messages = [
    { role: "user", content: marker },
    { role: "assistant", tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: marker } }] },
    { role: "tool", content: `Tool execution failed: ${marker}`, tool_call_id: "c1", invented: marker },
    { role: "tool", content: marker, tool_call_id: "c2" },
    { role: "assistant" },
  ];
  expect(redactTrajectory(messages)).toEqual([
    { role: "user", content: "", content_redacted: true },
    {
      role: "assistant",
      tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "" } }],
      content_redacted: true,
    },
    { role: "tool", content: "", tool_call_id: "c1", content_redacted: true, status: "failed" },
    { role: "tool", content: "", tool_call_id: "c2", content_redacted: true, status: "succeeded" },
    { role: "assistant" },
  ]);
});

/** What a rule can be for a schema: the kind of value, and what stands in it. */
function outlineOfSchema(schema: z.ZodType): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return outlineOfSchema(schema.unwrap() as z.ZodType);
  }
  if (schema instanceof z.ZodObject) {
    const shape: Readonly<Record<string, z.ZodType>> = schema.shape;
    return Object.fromEntries(Object.entries(shape).map(([name, member]) => [name, outlineOfSchema(member)]));
  }
  if (schema instanceof z.ZodArray) return [outlineOfSchema(schema.element as z.ZodType)];
  if (schema instanceof z.ZodRecord) return { "*": outlineOfSchema(schema.valueType as z.ZodType) };
  if (schema instanceof z.ZodNumber) return "number";
  if (schema instanceof z.ZodBoolean) return "flag";
  return schema instanceof z.ZodString || schema instanceof z.ZodEnum ? "text" : "anything";
}

function outlineOfRule(rule: RedactionRule, schema: unknown): unknown {
  // Whatever it is, it is not shown.
  if (rule === "withheld") return schema;
  if (rule === "word") return "text";
  if (rule === "words") return ["text"];
  if (rule === "numbers") return { "*": "number" };
  if (typeof rule === "string") return rule;
  if ("each" in rule) return [outlineOfRule(rule.each, (schema as unknown[])[0])];
  const outline = schema as Record<string, unknown>;
  if ("named" in rule) return { "*": outlineOfRule(rule.named, outline["*"]) };
  const members = Object.entries(rule.members);
  return Object.fromEntries(members.map(([name, member]) => [name, outlineOfRule(member, outline[name])]));
}

test("there is a rule for every member that a record can have, of its kind, and for no other", () => {
  const schema = outlineOfSchema(replayRecordSchema);
  expect(outlineOfRule(recordRule, schema)).toEqual(schema);
});

/** The members a rule withholds, by the object they stand in. */
function withheld(rule: RedactionRule, path: string): (readonly [object: string, members: readonly string[]])[] {
  if (typeof rule === "string") return [];
  if ("each" in rule) return withheld(rule.each, `${path}[]`);
  if ("named" in rule) return withheld(rule.named, `${path}.*`);
  const members = Object.entries(rule.members);
  const own = members.filter(([, member]) => member === "withheld").map(([name]) => name);
  const below = members.flatMap(([name, member]) => withheld(member, path === "" ? name : `${path}.${name}`));
  return own.length === 0 ? below : [[path, own], ...below];
}

test("docs/replay.md lists what is withheld", async () => {
  const text = await readFile(new URL("../../docs/replay.md", import.meta.url), "utf8");
  const table = text.slice(text.indexOf("| Object | Blanked |"));
  const documented = [...table.matchAll(/^\| ([a-z].*?) \| (`.*`) \|$/gm)].map(
    ([, object = "", members = ""]) =>
      [
        object.replace(/ of a trajectory$/, ""),
        [...members.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
      ] as const,
  );
  const rules = [
    ...withheld(recordRule, "").map(([object, members]) => [object === "" ? "record" : object, members] as const),
    ...withheld(messageRule, "messages[]"),
  ];
  expect(new Map(documented)).toEqual(new Map(rules));
});
