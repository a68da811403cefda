import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { answerTo } from "../examples/router/upstream/local-answer.js";
import { eventually } from "./support/eventually.js";
import { answerOf, RunningRouter, type TakenTurn } from "./support/running-router.js";
import { script, ScriptedUpstream } from "./support/scripted-upstream.js";

const model = "test";

describe("the replay records of examples/router", () => {
  it.each([false, true])("tell of a turn, before and after a crash (stream: %s)", async (streaming) => {
    await using router = await RunningRouter.begin();
    const turn = (body: object): Promise<TakenTurn> =>
      streaming ? router.streamedTurn({ model, ...body }) : router.turn({ model, ...body });
    const { id: conversation } = await router.client.conversations.create();
    const first = await turn({ input: "one", conversation });
    const second = await turn({ input: "two", conversation });

    const record = await router.record(second.recordId);
    const { usage } = second.response;
    const answer = answerOf(second.response);
    expect(record).toMatchObject({
      turn_index: 1,
      conversation_id: conversation,
      session_id: conversation,
      original_model: model,
      selected_model: model,
      prompt: "two",
      streaming,
      lifecycle_state: "completed",
      terminal_reason: "response_complete",
      response_status: 200,
      prompt_tokens: usage?.input_tokens,
      completion_tokens: usage?.output_tokens,
      total_tokens: usage?.total_tokens,
      tool_trace: {
        flow: "User Query -> LLM Final Response",
        steps: [
          { type: "user_input", text: "two" },
          { type: "assistant_final_response", text: answer },
        ],
      },
    });
    expect(record).not.toHaveProperty("from_cache");
    expect(JSON.parse(record.request_body ?? "")).toEqual({
      model,
      messages: [
        { role: "user", content: "one" },
        { role: "assistant", content: answerOf(first.response) },
        { role: "user", content: "two" },
      ],
    });
    expect(JSON.parse(record.response_body ?? "")).toMatchObject({ id: second.response.id, status: "completed" });
    expect(Date.parse(record.ended_at ?? "")).toBeGreaterThanOrEqual(Date.parse(record.timestamp));

    await router.killAndRestart();
    expect(await router.record(second.recordId)).toEqual(record);
    const chained = await turn({ input: "three", previous_response_id: second.response.id });
    expect(await router.record(chained.recordId)).toMatchObject({ previous_response_id: second.response.id });
    expect(await router.records()).toHaveLength(3);
  });

  it.each([false, true])("are not made of a turn with store: false (stream: %s)", async (stream) => {
    await using router = await RunningRouter.begin();
    const body = { model, input: "one", store: false };
    const { recordId } = await (stream ? router.streamedTurn(body) : router.turn(body));
    expect(recordId).toBeNull();
    expect(await router.records()).toEqual([]);
  });

  it("tell how an upstream failed", async () => {
    await using upstream = await ScriptedUpstream.begin();
    await using router = await RunningRouter.begin(upstream.settings);
    const failed = { lifecycle_state: "failed", terminal_reason: "upstream_error_response" };

    const refusal: unknown = await router.turn({ model, input: script.refuse }).catch((error: unknown) => error);
    if (!(refusal instanceof OpenAI.RateLimitError)) throw new Error("It was not refused.", { cause: refusal });
    const refused = await router.record(refusal.headers.get("x-vsr-replay-id"));
    expect(refused).toMatchObject({ ...failed, response_status: 429, prompt: script.refuse });
    expect(refused).not.toHaveProperty("response_body");

    const streamed = await router.streamedTurn({ model, input: script.refuse });
    expect(streamed.response.status).toBe("failed");
    expect(await router.record(streamed.recordId)).toMatchObject({ ...failed, response_status: 429 });

    const brokenOff = await router.streamedTurn({ model, input: script.breakOff });
    expect(brokenOff.response.status).toBe("failed");
    const record = await router.record(brokenOff.recordId);
    expect(record).toMatchObject({ ...failed, prompt: script.breakOff });
    expect(record).not.toHaveProperty("response_status");
    await expect(router.client.responses.retrieve(brokenOff.response.id)).rejects.toMatchObject({ status: 404 });

    // What failed is no answer that could be given again.
    await expect(router.turn({ model, input: script.refuse })).rejects.toThrow(OpenAI.RateLimitError);
    await router.streamedTurn({ model, input: script.breakOff });
    expect(upstream.prompts).toHaveLength(5);
  });

  it.each([false, true])("are aborted when the client leaves (stream: %s)", async (stream) => {
    await using upstream = await ScriptedUpstream.begin();
    await using router = await RunningRouter.begin(upstream.settings);
    const leaving = new AbortController();
    const { signal } = leaving;
    const body = { model, input: script.stall };
    if (stream) {
      const { events } = await router.stream(body, { signal });
      for await (const event of events) if (event.type === "response.output_text.delta") break;
    } else {
      const reply = router.client.responses.create(body, { signal });
      await eventually("the upstream was asked", () => upstream.prompts.length === 1);
      leaving.abort();
      await expect(reply).rejects.toThrow(OpenAI.APIUserAbortError);
    }
    await eventually("the record ended", async () => (await router.records())[0]?.lifecycle_state !== "in_progress");
    expect(await router.records()).toMatchObject([
      { lifecycle_state: "aborted", terminal_reason: "client_canceled", prompt: script.stall },
    ]);
    // The end was durable, so the crash has nothing to add.
    await router.killAndRestart();
    expect(await router.records()).toMatchObject([{ terminal_reason: "client_canceled" }]);
  });

  it("are aborted when the router stops and the turn does not end", async () => {
    await using upstream = await ScriptedUpstream.begin();
    await using router = await RunningRouter.begin(upstream.settings);
    const { events, recordId } = await router.stream({ model, input: script.stall });
    const reading = (async () => {
      const types: string[] = [];
      for await (const { type } of events) types.push(type);
      return types;
    })();
    expect(await router.terminateAndRestart()).toEqual({ code: 0, signal: null });
    expect(await reading).not.toContain("response.completed");
    expect(await router.record(recordId)).toMatchObject({
      lifecycle_state: "aborted",
      terminal_reason: "router_stopping",
    });
  });

  it.each([false, true])("hold nothing of an answer that the guard stopped (stream: %s)", async (stream) => {
    await using router = await RunningRouter.begin();
    const body = { model, input: "The launch code is 1234" };
    const { response, recordId } = await (stream ? router.streamedTurn(body) : router.turn(body));
    expect(response).toMatchObject({ status: "incomplete", incomplete_details: { reason: "content_filter" } });
    const record = await router.record(recordId);
    expect(record).toMatchObject({ lifecycle_state: "completed", response_status: 200, prompt: body.input });
    expect(JSON.parse(record.response_body ?? "")).toMatchObject({ status: "incomplete", output: [] });
    expect(record.tool_trace?.steps).toMatchObject([{ type: "user_input" }]);
    // Asked again it is stopped again: what was stopped is not in the cache, and if it were, the guard stands behind it.
    const again = await router.turn(body);
    expect(again.response.output).toEqual([]);
    expect(await router.record(again.recordId)).not.toHaveProperty("from_cache");
  });

  it("say when an answer came from the cache, which a restart forgets", async () => {
    await using upstream = await ScriptedUpstream.begin();
    await using router = await RunningRouter.begin(upstream.settings);
    const answer = answerTo([{ role: "user", content: "one" }]);
    const first = await router.turn({ model, input: "one" });
    const second = await router.turn({ model, input: "one" });
    const streamed = await router.streamedTurn({ model, input: "one" });
    expect(upstream.prompts).toHaveLength(1);
    for (const { response } of [first, second, streamed]) expect(answerOf(response)).toBe(answer);
    expect(new Set([first, second, streamed].map(({ response }) => response.id)).size).toBe(3);
    expect(await router.record(first.recordId)).not.toHaveProperty("from_cache");
    expect(await router.record(second.recordId)).toMatchObject({ from_cache: true, lifecycle_state: "completed" });
    expect(await router.record(streamed.recordId)).toMatchObject({ from_cache: true, streaming: true });

    await router.turn({ model: "another", input: "one" });
    await router.turn({ model, input: "one", instructions: "Be brief." });
    expect(upstream.prompts).toHaveLength(3);

    await router.killAndRestart();
    const third = await router.turn({ model, input: "one" });
    expect(upstream.prompts).toHaveLength(4);
    expect(answerOf(third.response)).toBe(answer);
    expect(await router.record(third.recordId)).not.toHaveProperty("from_cache");
    // What an earlier life answered from its cache is as durable as any other answer.
    expect(answerOf(await router.client.responses.retrieve(second.response.id))).toBe(answer);
  });

  it("are aborted after a SIGKILL in mid-stream, and nothing of the turn is left", async () => {
    await using upstream = await ScriptedUpstream.begin();
    await using router = await RunningRouter.begin(upstream.settings);
    const { id: conversation } = await router.client.conversations.create();
    const { events, recordId } = await router.stream({ model, input: script.stall, conversation });
    let id = "";
    await expect(
      (async () => {
        for await (const event of events) {
          if (event.type === "response.created") ({ id } = event.response);
          if (event.type !== "response.output_text.delta") continue;
          expect(await router.record(recordId)).toMatchObject({ lifecycle_state: "in_progress" });
          await router.killAndRestart();
        }
      })(),
    ).rejects.toThrow();
    expect(await router.record(recordId)).toMatchObject({
      lifecycle_state: "aborted",
      terminal_reason: "recovered_after_restart",
      prompt: script.stall,
      conversation_id: conversation,
    });
    await expect(router.client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
    const { data } = await router.client.conversations.items.list(conversation);
    expect(data).toEqual([]);
    const { response } = await router.turn({ model, input: "go on", conversation });
    expect(answerOf(response)).toBe(answerTo([{ role: "user", content: "go on" }]));
  });
});
