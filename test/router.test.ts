import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import OpenAI from "openai";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { answerTo, digestOf } from "../examples/router/upstream/local-answer.js";
import { freePort } from "./cache/redis-server.js";
import { RouterProcess } from "./drill/router-process.js";

const program = fileURLToPath(new URL("../build/examples/router/main.js", import.meta.url));
const model = "test";

describe("examples/router", () => {
  let directory: string;
  let router: RouterProcess;
  let client: OpenAI;
  let base: string;

  async function start(): Promise<void> {
    router = new RouterProcess(program, join(directory, "state"));
    const { announcement } = await router.hear("ready");
    base = `http://127.0.0.1:${announcement.port}`;
    client = new OpenAI({ baseURL: `${base}/v1`, apiKey: "test", maxRetries: 0 });
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "holdfast-router-"));
    await start();
  });

  afterEach(async () => {
    await router.terminate();
    await rm(directory, { recursive: true, force: true });
  });

  async function eventsOf(body: Omit<OpenAI.Responses.ResponseCreateParamsStreaming, "stream">): Promise<Event[]> {
    const events: Event[] = [];
    for await (const event of await client.responses.create({ ...body, stream: true })) events.push(event);
    return events;
  }

  it("sends the whole chain upstream, also after it was killed", async () => {
    const first = await client.responses.create({ model, input: "one" });
    expect(first.output_text).toBe(answerTo([{ role: "user", content: "one" }]));
    await router.kill();
    await start();
    const second = await client.responses.create({ model, input: "two", previous_response_id: first.id });
    expect(second.output_text).toBe(
      answerTo([
        { role: "user", content: "one" },
        { role: "assistant", content: first.output_text },
        { role: "user", content: "two" },
      ]),
    );
    expect(await client.responses.retrieve(first.id)).toEqual(first);
  });

  it("does not inherit instructions", async () => {
    const first = await client.responses.create({ model, input: "one", instructions: "Be brief." });
    expect(first.output_text).toContain("message 2 of history");
    const second = await client.responses.create({ model, input: "two", previous_response_id: first.id });
    expect(second.output_text).toContain("message 3 of history");
  });

  it("streams the events in order, and what it has completed can be read", async () => {
    const events = await eventsOf({ model, input: "hello there" });
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
    const types = events.map(({ type }) => type);
    expect(types.filter((type, index) => type !== types[index - 1])).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    const last = events.at(-1);
    if (last?.type !== "response.completed") throw new Error("The stream did not complete.");
    const stored = await client.responses.retrieve(last.response.id);
    expect(stored).toEqual({ ...last.response, output_text: answerTo([{ role: "user", content: "hello there" }]) });
  });

  it("keeps a conversation through turns and a kill", async () => {
    const conversation = await client.conversations.create({
      items: [{ type: "message", role: "user", content: "zero" }],
    });
    const first = await client.responses.create({ model, input: "one", conversation: conversation.id });
    expect(first.output_text).toContain("message 2 of history");
    await router.kill();
    await start();
    const events = await eventsOf({ model, input: "two", conversation: { id: conversation.id } });
    expect(events.at(-1)?.type).toBe("response.completed");
    const items = await client.conversations.items.list(conversation.id, { order: "asc" });
    expect(items.data.map((item) => (item.type === "message" ? item.role : item.type))).toEqual([
      "user",
      "user",
      "assistant",
      "user",
      "assistant",
    ]);
  });

  it("passes tool calls and their outputs on", async () => {
    const tools: OpenAI.Responses.Tool[] = [{ type: "function", name: "weather", parameters: {}, strict: false }];
    const first = await client.responses.create({ model, input: 'call weather {"city":"Bern"}', tools });
    const [call] = first.output;
    if (call?.type !== "function_call") throw new Error("No tool was called.");
    expect(call).toMatchObject({ name: "weather", arguments: '{"city":"Bern"}', status: "completed" });
    const output = { type: "function_call_output" as const, call_id: call.call_id, output: "sunny" };
    const second = await client.responses.create({ model, input: [output], previous_response_id: first.id });
    const question = { role: "user", content: 'call weather {"city":"Bern"}' } as const;
    const { call_id: id, name, arguments: text } = call;
    const digest = digestOf([
      question,
      { role: "assistant", content: null, tool_calls: [{ id, type: "function", function: { name, arguments: text } }] },
      { role: "tool", tool_call_id: call.call_id, content: "sunny" },
    ]);
    expect(second.output_text).toContain(digest);
    const streamed = await eventsOf({ model, input: "call weather", tools });
    expect(streamed.map(({ type }) => type)).toContain("response.function_call_arguments.done");
  });

  it.each([false, true])("keeps nothing of a turn with store: false (stream: %s)", async (stream) => {
    let id: string | undefined;
    if (stream) {
      const last = (await eventsOf({ model, input: "secret", store: false })).at(-1);
      if (last?.type === "response.completed") ({ id } = last.response);
    } else {
      ({ id } = await client.responses.create({ model, input: "secret", store: false }));
    }
    expect(id).toMatch(/^resp_/);
    const kept = id ?? "";
    await expect(client.responses.retrieve(kept)).rejects.toMatchObject({ status: 404 });
    await expect(client.responses.create({ model, input: "go on", previous_response_id: kept })).rejects.toMatchObject({
      status: 400,
      code: "previous_response_not_found",
      param: "previous_response_id",
    });
  });

  it("refuses what it can not answer", async () => {
    const create = (body: object): Promise<unknown> =>
      client.post("/responses", { body: { model, input: "x", ...body } });
    await expect(create({ previous_response_id: "resp_unknown" })).rejects.toMatchObject({
      status: 400,
      code: "previous_response_not_found",
    });
    await expect(create({ conversation: "conv_unknown" })).rejects.toMatchObject({ status: 404 });
    await expect(create({ conversation: "a", previous_response_id: "b" })).rejects.toMatchObject({ status: 400 });
    await expect(create({ background: true })).rejects.toMatchObject({ status: 400, param: "background" });
    await expect(create({ model: undefined, store: "no", input: 7 })).rejects.toThrow(/model[\s\S]*input[\s\S]*store/);
    await expect(create({ input: [{ type: "item_reference", id: "msg_unknown" }] })).rejects.toMatchObject({
      status: 400,
    });
  });

  it("lets one of two simultaneous turns of a conversation win", async () => {
    const { id } = await client.conversations.create();
    const turns = await Promise.allSettled(
      ["one", "two"].map((input) => client.responses.create({ model, input, conversation: id })),
    );
    const refused = turns
      .filter((turn) => turn.status === "rejected")
      .map((turn) => turn.reason as InstanceType<typeof OpenAI.APIError>);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({ status: 400, code: "conversation_locked", param: "conversation" });
    expect(refused[0]?.headers?.get("x-should-retry")).toBe("false");
    const items = await client.conversations.items.list(id);
    expect(items.data).toHaveLength(2);
  });

  it.each([false, true])("keeps nothing of an answer that the guard stops (stream: %s)", async (stream) => {
    const input = "The launch code is 1234";
    const { id } = await client.conversations.create();
    let response: OpenAI.Responses.Response | undefined;
    if (stream) {
      const events = await eventsOf({ model, input, conversation: id });
      const last = events.at(-1);
      if (last?.type === "response.incomplete") ({ response } = last);
      expect(JSON.stringify(events)).not.toContain("1234");
    } else {
      response = await client.responses.create({ model, input, conversation: id });
    }
    expect(response).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "content_filter" },
      output: [],
    });
    const items = await client.conversations.items.list(id);
    expect(items.data.map((item) => (item.type === "message" ? item.role : item.type))).toEqual(["user"]);
  });

  it.each([false, true])("fails a turn that can not be made durable (stream: %s)", async (stream) => {
    // Another writer's claim: from here on this router must not acknowledge anything.
    const epochs = join(directory, "state", "epochs");
    for (const claim of await readdir(epochs)) await rm(join(epochs, claim));
    if (stream) {
      const events = await eventsOf({ model, input: "hello" });
      expect(events.at(-1)?.type).toBe("response.failed");
      expect(events.map(({ type }) => type)).not.toContain("response.completed");
    } else {
      await expect(client.responses.create({ model, input: "hello" })).rejects.toMatchObject({ status: 503 });
    }
    expect(await router.ended).toMatchObject({ code: 1 });
  });

  it("ends when it can not start, also while it seeks its cache server", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const failing = new RouterProcess(program, join(directory, "other"), {
      ROUTER_PORT: String(port),
      ROUTER_CACHE_URL: `redis://127.0.0.1:${await freePort()}`,
    });
    try {
      expect(await failing.ended).toEqual({ code: 1, signal: null });
    } finally {
      failing.end();
      taken.close();
    }
  });

  it("tells each phase of its start, and how the run before ended", async () => {
    const statusOf = async (): Promise<Status> => (await (await fetch(`${base}/startup-status`)).json()) as Status;
    const phasesOf = ({ run_id, transitions }: Status): string[] =>
      transitions.filter((transition) => transition.run_id === run_id).map(({ phase }) => phase);
    const first = await statusOf();
    expect(first).toMatchObject({ phase: "ready", ready: true, ready_models: 2, total_models: 2, previous_run: null });
    expect(phasesOf(first)).toEqual([
      "starting",
      "recovering",
      "checking_models",
      "downloading_models",
      "initializing_models",
      "ready",
    ]);
    await router.kill();
    await start();
    expect(await statusOf()).toMatchObject({
      phase: "ready",
      previous_run: { outcome: "crashed", run_id: first.run_id },
    });
    expect(await router.terminate()).toEqual({ code: 0, signal: null });
    await start();
    expect(await statusOf()).toMatchObject({ previous_run: { outcome: "clean" } });
  });
});

type Event = OpenAI.Responses.ResponseStreamEvent;

interface Status {
  readonly run_id: string;
  readonly transitions: readonly { readonly run_id: string; readonly phase: string }[];
}
