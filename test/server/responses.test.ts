import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { message, response } from "../surfaces/samples.js";
import { runningService } from "./running-service.js";

describe("responses through the official client", () => {
  test("a recorded response is retrieved whole, after a restart too, and deleted", async () => {
    await using service = await runningService();
    const whole = response("resp_1");
    const recorded = await service.send("POST", "/v1/state/responses", { response: whole, input: "hello" });
    expect(recorded.status).toBe(201);
    expect(recorded.headers.get("etag")).toBe('"1"');
    await service.restart();
    const retrieved = await service.client.responses.retrieve("resp_1");
    expect(retrieved.output_text).toBe("the answer of resp_1");
    // The client adds the text of the output; the request's id is not enumerable.
    expect({ ...retrieved, output_text: undefined }).toEqual({ ...whole, output_text: undefined });
    await service.client.responses.delete("resp_1");
    expect((await service.send("DELETE", "/v1/responses/resp_1")).status).toBe(404);
    await expect(service.client.responses.retrieve("resp_1")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(service.client.responses.inputItems.list("resp_1")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(service.client.responses.cancel("resp_1")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  test("the deletion has the published shape", async () => {
    await using service = await runningService();
    await service.send("POST", "/v1/state/responses", { response: response("resp_1") });
    expect((await service.send("DELETE", "/v1/responses/resp_1")).body).toEqual({
      id: "resp_1",
      object: "response",
      deleted: true,
    });
  });

  test("R12: input items are walked page by page, both ways, each once", async () => {
    await using service = await runningService();
    const input = ["a", "b", "c", "d"].map((id) => message(id, "user", id));
    await service.send("POST", "/v1/state/responses", { response: response("resp_1"), input });
    for (const order of ["asc", "desc"] as const) {
      const seen: string[] = [];
      for await (const item of service.client.responses.inputItems.list("resp_1", { order, limit: 1 })) {
        seen.push((item as { id: string }).id);
      }
      expect(seen).toEqual(order === "asc" ? ["a", "b", "c", "d"] : ["d", "c", "b", "a"]);
    }
    await service.send("POST", "/v1/state/responses", { response: response("resp_2") });
    expect((await service.send("GET", "/v1/responses/resp_2/input_items")).body).toEqual({
      object: "list",
      data: [],
      first_id: null,
      last_id: null,
      has_more: false,
    });
  });

  test("encrypted reasoning is shown to those who ask for it", async () => {
    await using service = await runningService();
    const reasoning = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "b3BhcXVl" };
    await service.send("POST", "/v1/state/responses", {
      response: response("resp_1", { output: [reasoning] }),
      input: [reasoning],
    });
    const include = ["reasoning.encrypted_content"] as const;
    const { client } = service;
    expect((await client.responses.retrieve("resp_1")).output[0]).not.toHaveProperty("encrypted_content");
    expect((await client.responses.retrieve("resp_1", { include: [...include] })).output).toEqual([reasoning]);
    expect((await client.responses.inputItems.list("resp_1")).data[0]).not.toHaveProperty("encrypted_content");
    expect((await client.responses.inputItems.list("resp_1", { include: [...include] })).data).toEqual([reasoning]);
  });

  test("a background response is cancelled; a finished one is returned unchanged; others are refused", async () => {
    await using service = await runningService();
    const { client } = service;
    await service.send("POST", "/v1/state/responses", {
      response: response("resp_1", { background: true, status: "queued" }),
    });
    expect((await client.responses.cancel("resp_1")).status).toBe("cancelled");
    expect((await client.responses.cancel("resp_1")).status).toBe("cancelled");
    await service.send("POST", "/v1/state/responses", { response: response("resp_2") });
    await expect(client.responses.cancel("resp_2")).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  });

  test("making responses is refused at once, in words", async () => {
    await using service = await runningService();
    const error: unknown = await service.client.responses
      .create({ model: "m", input: "x" })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect(error).toMatchObject({ status: 501, code: "not_offered" });
    expect((error as Error).message).toContain("a router makes them");
  });

  test("a finished response is streamed, the same each time, and resumed behind a number", async () => {
    await using service = await runningService();
    const output = [
      { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "thinking" }] },
      message("msg_1", "assistant", "the answer"),
      {
        type: "function_call",
        id: "fc_1",
        call_id: "call_1",
        name: "look_up",
        arguments: '{"a":1}',
        status: "completed",
      },
      { type: "hologram", id: "holo_1", data: [1, 2] },
    ];
    await service.send("POST", "/v1/state/responses", { response: response("resp_1", { output }) });
    const events = async (starting_after?: number): Promise<OpenAI.Responses.ResponseStreamEvent[]> => {
      const stream = await service.client.responses.retrieve("resp_1", {
        stream: true,
        ...(starting_after === undefined ? {} : { starting_after }),
      });
      const all: OpenAI.Responses.ResponseStreamEvent[] = [];
      for await (const event of stream) all.push(event);
      return all;
    };
    const first = await events();
    expect(first.map(({ sequence_number }) => sequence_number)).toEqual(first.map((_, position) => position));
    expect(first.map(({ type }) => type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.reasoning_summary_text.done",
      "response.reasoning_summary_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.done",
      "response.output_item.done",
      "response.output_item.added",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(first.at(-1)).toMatchObject({ response: { id: "resp_1", status: "completed", output } });
    await service.restart();
    expect(await events()).toEqual(first);
    expect(await events(10)).toEqual(first.slice(11));
    // The client's own accumulator can make the response out of the events.
    const accumulated = await service.client.responses.stream({ response_id: "resp_1" }).finalResponse();
    expect(accumulated.output).toMatchObject(output);
    await service.send("POST", "/v1/state/responses", { response: response("resp_2", { status: "in_progress" }) });
    expect((await service.send("GET", "/v1/responses/resp_2?stream=true")).status).toBe(400);
  });
});
