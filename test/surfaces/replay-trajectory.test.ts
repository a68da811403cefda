import { describe, expect, test } from "vitest";
import { trajectoryOf } from "../../src/surfaces/replay/trajectory.js";

type Step = Readonly<Record<string, unknown>>;

const user = (text: string): Step => ({ type: "user_input", source: "request", text });
const call = (id: string, source = "response", name = "look_up"): Step => ({
  type: "assistant_tool_call",
  source,
  tool_call_id: id,
  tool_name: name,
  arguments: `{"for":"${id}"}`,
});
const result = (id: string, output = `found ${id}`): Step => ({
  type: "client_tool_result",
  source: "request",
  tool_call_id: id,
  output,
});
const answer = (text: string): Step => ({ type: "assistant_final_response", source: "response", text });
const traced = (...steps: readonly Step[]): { tool_trace: { steps: readonly Step[] } } => ({ tool_trace: { steps } });

/** The messages in short: role and what tells them apart. */
function told(records: Parameters<typeof trajectoryOf>[0]): string[] {
  return trajectoryOf(records).map(({ role, content, tool_calls, tool_call_id }) =>
    [role, content, tool_call_id, ...(tool_calls ?? []).map(({ id }) => id)]
      .filter((one) => one !== undefined)
      .join(" "),
  );
}

describe("a trajectory", () => {
  test("has the messages of chat completions, calls of one answer together, other steps left out", () => {
    const record = traced(
      user("both?"),
      call("c1"),
      { type: "assistant_reasoning_complete", source: "stream" },
      call("c2", "stream"),
      result("c1"),
      result("c2"),
      answer("both."),
    );
    expect(trajectoryOf([record])).toEqual([
      { role: "user", content: "both?" },
      {
        role: "assistant",
        tool_calls: [
          { id: "c1", type: "function", function: { name: "look_up", arguments: '{"for":"c1"}' } },
          { id: "c2", type: "function", function: { name: "look_up", arguments: '{"for":"c2"}' } },
        ],
      },
      { role: "tool", content: "found c1", tool_call_id: "c1" },
      { role: "tool", content: "found c2", tool_call_id: "c2" },
      { role: "assistant", content: "both." },
    ]);
    expect(trajectoryOf([])).toEqual([]);
  });

  test("tells a tool loop once, though each request of it restates the loop (P22)", () => {
    const records = [
      traced(user("q"), call("c1")),
      traced(user("q"), call("c1", "request"), result("c1"), call("c2")),
      traced(user("q"), call("c1", "request"), result("c1"), call("c2", "request"), result("c2"), answer("a")),
      traced(user("next"), answer("b")),
    ];
    const once = ["user q", "assistant c1", "tool found c1 c1", "assistant c2", "tool found c2 c2", "assistant a"];
    expect(told(records)).toEqual([...once, "user next", "assistant b"]);
  });

  test("keeps a question that is asked twice, and calls of a model that numbers each answer's calls from zero", () => {
    expect(told([traced(user("go on"), answer("1")), traced(user("go on"), answer("2"))])).toEqual([
      "user go on",
      "assistant 1",
      "user go on",
      "assistant 2",
    ]);
    const reused = [
      traced(user("q"), call("0")),
      traced(user("q"), call("0", "request"), result("0", "x"), call("0")),
      traced(user("q"), call("0", "request"), result("0", "x"), call("0", "request"), result("0", "y"), answer("a")),
      traced(user("r"), call("0")),
      traced(user("r"), call("0", "request"), result("0", "z"), answer("b")),
    ];
    expect(told(reused)).toEqual([
      "user q",
      "assistant 0",
      "tool x 0",
      "assistant 0",
      "tool y 0",
      "assistant a",
      "user r",
      "assistant 0",
      "tool z 0",
      "assistant b",
    ]);
  });

  test("tells two loops that run side by side in one session, each once", () => {
    const records = [
      traced(user("left"), call("l1")),
      traced(user("right"), call("r1")),
      traced(user("left"), call("l1", "request"), result("l1"), answer("L")),
      traced(user("right"), call("r1", "request"), result("r1"), answer("R")),
    ];
    expect(told(records)).toEqual([
      "user left",
      "assistant l1",
      "user right",
      "assistant r1",
      "tool found l1 l1",
      "assistant L",
      "tool found r1 r1",
      "assistant R",
    ]);
  });

  test("recognizes a loop whose beginning was dropped or cut, and one without call ids", () => {
    const dropped = [traced(user("a long question"), call("c1")), traced(call("c1", "request"), result("c1"))];
    expect(told(dropped)).toEqual(["user a long question", "assistant c1", "tool found c1 c1"]);
    const cut = [
      traced(user("a long question"), call("c1")),
      traced(user("a long"), call("c1", "request"), answer("a")),
    ];
    expect(told(cut)).toEqual(["user a long question", "assistant c1", "assistant a"]);
    const anonymous = (source: string): Step => ({
      type: "assistant_tool_call",
      source,
      tool_name: "t",
      arguments: "1",
    });
    const back = { type: "client_tool_result", source: "request", output: "r" };
    const records = [traced(user("q"), anonymous("response")), traced(user("q"), anonymous("request"), back)];
    expect(trajectoryOf(records).map(({ role }) => role)).toEqual(["user", "assistant", "tool"]);
  });

  test("without a tool trace, chat bodies are read: the last message of the user onward, then the answer", () => {
    const first = {
      request_body: JSON.stringify({
        messages: [
          { role: "system", content: "be brief" },
          { role: "user", content: "earlier" },
          { role: "assistant", content: "said" },
          {
            role: "user",
            content: [{ type: "text", text: "look" }, { type: "image_url" }, { type: "text", text: "up" }],
          },
        ],
      }),
      response_body: JSON.stringify({
        choices: [{ message: { content: null, tool_calls: [{ id: "c1", function: { name: "f", arguments: "{}" } }] } }],
      }),
    };
    const second = {
      tool_trace: null,
      request_body: JSON.stringify({
        messages: [
          { role: "user", content: "look\nup" },
          { role: "assistant", tool_calls: [{ id: "c1", function: { name: "f", arguments: "{}" } }] },
          { role: "tool", tool_call_id: "c1", content: "found" },
        ],
      }),
      response_body: JSON.stringify({ choices: [{ message: { role: "assistant", content: "done" } }] }),
    };
    expect(told([first, second])).toEqual(["user look\nup", "assistant c1", "tool found c1", "assistant done"]);
  });

  test("bodies of the Responses API are read too; what was cut, or is a stream, tells nothing", () => {
    const record = {
      request_body: JSON.stringify({
        input: [
          { role: "user", content: [{ type: "input_text", text: "q" }] },
          { type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
          { type: "function_call_output", call_id: "c1", output: "found" },
        ],
      }),
      response_body: JSON.stringify({
        output: [
          { type: "reasoning", summary: [] },
          { type: "message", role: "assistant", content: [{ type: "output_text", text: "a" }] },
          { type: "function_call", call_id: "c2", name: "g", arguments: "{}" },
        ],
      }),
    };
    expect(told([record])).toEqual(["user q", "assistant c1", "tool found c1", "assistant a", "assistant c2"]);
    expect(told([{ request_body: '{"input":"plain"}', response_body: "data: {}\n\n" }])).toEqual(["user plain"]);
    expect(told([{ request_body: '{"messages":[{"role":"us', response_body: "[]" }, {}])).toEqual([]);
  });
});
