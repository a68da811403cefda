import { describe, expect, test } from "vitest";
import { standardCapturePolicy } from "../../src/surfaces/replay/index.js";
import { mergeToolTrace } from "../../src/surfaces/replay/merge-tool-trace.js";
import { boundSteps } from "../../src/surfaces/replay/tool-trace-bounds.js";
import { step } from "./replay-samples.js";

const question = step("user_input", { text: "What is the weather?" });
const call = step("assistant_tool_call", { tool_call_id: "call_1", tool_name: "weather", arguments: "{}" });
const result = step("client_tool_result", { tool_call_id: "call_1", output: "rain" });
const answer = step("assistant_final_response", { text: "It rains." });

describe("merging tool traces", () => {
  test("P13: carries forward what was dropped and that steps were", () => {
    const earlier = { steps: [result], steps_truncated: true, dropped_step_count: 7 };
    const merged = mergeToolTrace(earlier, { steps: [answer] });
    expect(merged).toMatchObject({ steps: [result, answer], steps_truncated: true, dropped_step_count: 7 });
    expect(mergeToolTrace({ steps: [question] }, earlier)).toMatchObject({
      steps_truncated: true,
      dropped_step_count: 7,
    });
  });

  test("adds only what is new of a report that begins with what is known", () => {
    const merged = mergeToolTrace({ steps: [question, call] }, { steps: [call, result, answer] });
    expect(merged.steps).toEqual([question, call, result, answer]);
    expect(merged).toMatchObject({ stage: "LLM Final Response", tool_names: ["weather"] });
  });

  test("a repeat of the whole report changes nothing, also when the beginning was dropped", () => {
    const policy = { ...standardCapturePolicy, max_tool_trace_steps: 2 };
    const report = { steps: [question, call, result, answer] };
    const stored = boundSteps(mergeToolTrace(undefined, report), policy);
    expect(stored).toMatchObject({ steps: [result, answer], dropped_step_count: 2 });
    expect(boundSteps(mergeToolTrace(stored, report), policy)).toEqual(stored);
  });

  test("P22: drops a call or a result that is known by its id, and a step that repeats the one before", () => {
    const merged = mergeToolTrace({ steps: [question, call, result] }, { steps: [call, result, answer, answer] });
    expect(merged.steps).toEqual([question, call, result, answer]);
  });

  test("knows a step again whose text was cut", () => {
    const policy = { ...standardCapturePolicy, max_tool_trace_bytes: 4 };
    const stored = boundSteps({ steps: [question] }, policy);
    expect(stored.steps?.[0]).toMatchObject({ text: "What", truncated: true });
    expect(mergeToolTrace(stored, { steps: [question, answer] }).steps).toEqual([stored.steps?.[0], answer]);
  });

  test("a question asked twice, with an answer in between, stands there twice", () => {
    const merged = mergeToolTrace({ steps: [question, answer] }, { steps: [question, answer, question] });
    expect(merged.steps).toEqual([question, answer, question]);
    expect(merged.flow).toBe("User Query -> LLM Final Response -> User Query");
  });

  test("keeps unknown members, and a flow that comes without steps", () => {
    const merged = mergeToolTrace({ flow: "User Query", later: 1 }, { flow: "LLM Final Response", other: 2 });
    expect(merged).toEqual({ flow: "LLM Final Response", stage: "LLM Final Response", later: 1, other: 2 });
  });
});
