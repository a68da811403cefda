import { describe, expect, test } from "vitest";
import { createServer } from "../../src/server/index.js";
import { recordShownTo } from "../../src/server/replay/shown-to.js";
import { walk } from "../surfaces/samples.js";
import { keyedService } from "./replay-service.js";
import { runningService, type RunningService } from "./running-service.js";

const list = "/v1/router_replay";

/** Records so far ahead that they do not expire; the number is the second. */
function record(number: number, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const second = String(number % 60).padStart(2, "0");
  const minute = String(Math.floor(number / 60)).padStart(2, "0");
  return { id: `replay-${number}`, timestamp: `2099-05-01T10:${minute}:${second}Z`, ...more };
}

async function add(service: RunningService, ...records: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
  for (const one of records) {
    expect((await service.send("POST", list, { record: one })).status).toBe(201);
  }
}

interface ListReply {
  readonly data: readonly { readonly id: string }[];
  readonly total: number;
  readonly has_more: boolean;
  readonly next_offset?: number;
  readonly next_after?: string;
}

async function listed(service: RunningService, query = ""): Promise<ListReply> {
  const reply = await service.send("GET", `${list}${query}`);
  expect(reply.status).toBe(200);
  return reply.body as ListReply;
}

describe("recording", () => {
  test("a record is named, changed in one commit, ended once, and the same after a restart", async () => {
    await using service = await runningService();
    const added = await service.send("POST", list, {
      record: { request_id: "req-1", decision: "answer", invented_later: { kept: [1] } },
      policy: { max_body_bytes: 8 },
    });
    const { id } = added.body as { readonly id: string };
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(added).toMatchObject({ status: 201, body: { revision: 1, lifecycle_state: "in_progress" } });
    expect(added.headers.get("x-vsr-replay-id")).toBe(id);

    const changed = await service.send("PATCH", `${list}/${id}`, {
      status: { response_status: 200, streaming: true },
      request: { body: "0123456789" },
      response: { body: "short" },
      usage: { prompt_tokens: 3, actual_cost: 0, reasoning_tokens: 2 },
      hallucination: { hallucination_detected: false },
      tool_trace: { steps: [{ type: "user_input", source: "request", text: "q" }] },
      outcome: { timestamp: "2099-05-01T10:00:00Z", source: "eval", target: "route", verdict: "good_fit" },
      finish: { state: "completed", reason: "response_complete" },
    });
    expect(changed).toMatchObject({
      status: 200,
      body: { object: "router_replay.updated", id, revision: 2, lifecycle_state: "completed", finished: true },
    });
    const late = await service.send("PATCH", `${list}/${id}`, { finish: { state: "failed" } });
    expect(late).toMatchObject({ status: 200, body: { lifecycle_state: "completed", finished: false } });

    const before = await service.send("GET", `${list}/${id}`);
    expect(before.body).toMatchObject({
      request_id: "req-1",
      invented_later: { kept: [1] },
      request_body: "01234567",
      request_body_truncated: true,
      response_body: "short",
      response_status: 200,
      streaming: true,
      prompt_tokens: 3,
      reasoning_tokens: 2,
      actual_cost: 0,
      lifecycle_state: "completed",
      terminal_reason: "response_complete",
      outcomes: [{ source: "eval", verdict: "good_fit" }],
    });
    await service.restart();
    expect((await service.send("GET", `${list}/${id}`)).body).toEqual(before.body);
  });

  test("a repeat under one key adds nothing and changes nothing, also after a restart", async () => {
    await using service = await runningService();
    const key = { "idempotency-key": "the-key" };
    const first = await service.send("POST", list, { record: { request_id: "req-1" } }, key);
    const { id } = first.body as { readonly id: string };
    const outcome = { timestamp: "2099-05-01T10:00:00Z", source: "user", target: "model", verdict: "failed" };
    const changed = await service.send("PATCH", `${list}/${id}`, { outcome }, key);
    expect(changed.body).toMatchObject({ duplicate: false });
    await service.restart();
    expect((await service.send("POST", list, { record: { request_id: "req-1" } }, key)).body).toMatchObject({ id });
    const again = await service.send("PATCH", `${list}/${id}`, { outcome }, key);
    expect(again.body).toMatchObject({ duplicate: true });
    expect((await service.send("GET", `${list}/${id}`)).body).toMatchObject({ outcomes: { length: 1 } });
    expect((await listed(service)).total).toBe(1);
  });

  test("what is not acceptable is refused with every problem, in the reference's error body, and stored nowhere", async () => {
    await using service = await runningService();
    const refused = await service.send("POST", list, {
      record: { timestamp: "yesterday", decision: 7, lifecycle_state: "resting" },
    });
    expect(refused.body).toEqual({
      error: { message: expect.any(String) as string, type: "invalid_request_error", code: 400 },
    });
    const { message } = (refused.body as { readonly error: { readonly message: string } }).error;
    for (const path of ["/record/timestamp", "/record/decision", "/record/lifecycle_state"]) {
      expect(message).toContain(path);
    }
    for (const body of [{}, { record: [] }, { record: {}, polcy: {} }, { record: { id: "export" } }, "{"]) {
      expect((await service.send("POST", list, body)).status).toBe(400);
    }
    await add(service, record(1));
    for (const body of [undefined, {}, { finsh: {} }, { finish: { state: "unknown" } }, { request: "text" }]) {
      expect((await service.send("PATCH", `${list}/replay-1`, body)).status).toBe(400);
    }
    expect((await service.send("POST", list, { record: record(1) })).status).toBe(409);
    expect((await service.send("PATCH", `${list}/nothing`, { finish: { state: "failed" } })).body).toEqual({
      error: { message: "replay record not found", type: "invalid_request_error", code: 404 },
    });
    expect((await listed(service)).total).toBe(1);
    expect((await service.send("GET", `${list}/replay-1`)).body).toMatchObject({ lifecycle_state: "in_progress" });
  });

  test("a recorder that starts anew ends what its earlier run left, and nobody else's", async () => {
    await using service = await runningService();
    const begin = (id: string, recorder?: Readonly<Record<string, string>>): ReturnType<typeof service.send> =>
      service.send("POST", list, { record: { id }, ...(recorder === undefined ? {} : { recorder }) });
    await begin("old", { name: "router-a", run: "1" });
    await begin("new", { name: "router-a", run: "2" });
    await begin("other", { name: "router-b", run: "1" });
    await begin("own");
    const recovered = await service.send("POST", `${list}/recover`, { recorder: "router-a", run: "2" });
    expect(recovered.body).toEqual({ object: "router_replay.recovered", aborted: 1, ids: ["old"] });
    const state = async (id: string): Promise<unknown> => (await service.send("GET", `${list}/${id}`)).body;
    expect(await state("old")).toMatchObject({
      lifecycle_state: "aborted",
      terminal_reason: "recovered_after_restart",
    });
    for (const id of ["new", "other", "own"]) expect(await state(id)).toMatchObject({ lifecycle_state: "in_progress" });
    const again = await service.send("POST", `${list}/recover`, { recorder: "router-a", run: "2" });
    expect(again.body).toMatchObject({ aborted: 0, ids: [] });
    expect((await service.send("POST", `${list}/recover`, { recorder: "router-a" })).status).toBe(400);
  });
});

describe("reading", () => {
  test("a walk by cursor gives every record once while others arrive and go", async () => {
    await using service = await runningService();
    await add(service, ...Array.from({ length: 9 }, (_, number) => record(number)));
    let after: string | undefined;
    let page = 0;
    const seen = await walk(async () => {
      const reply = await listed(service, `?limit=2${after === undefined ? "" : `&after=${after}`}`);
      expect("next_offset" in reply).toBe(reply.has_more && after === undefined);
      after = reply.next_after;
      page += 1;
      // A newer record would shift every later page of an offset; the record the cursor was taken from goes.
      await add(service, record(100 + page));
      if (page === 1) await service.send("DELETE", `${list}/${reply.data.at(-1)?.id ?? ""}`);
      return { ids: reply.data.map(({ id }) => id), hasMore: reply.has_more };
    });
    expect(seen).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 0].map((number) => `replay-${number}`));
    for (const query of ["?after=nonsense", "?after=x&offset=1"]) {
      expect((await service.send("GET", `${list}${query}`)).status).toBe(400);
    }
  });

  test("pages by offset say where the next begins; a limit beyond 100 is 100", async () => {
    await using service = await runningService();
    await add(service, ...Array.from({ length: 5 }, (_, number) => record(number)));
    expect(await listed(service, "?limit=2")).toMatchObject({ has_more: true, next_offset: 2, total: 5 });
    expect(await listed(service, "?limit=2&offset=4")).toMatchObject({ has_more: false, data: [{ id: "replay-0" }] });
    expect(await listed(service, "?limit=100000&showDetails=T")).toMatchObject({ limit: 100, data: { length: 5 } });
    expect(await listed(service, "/?limit=1")).toMatchObject({ data: [{ id: "replay-4" }] });
  });

  test("a page of large records ends early instead of failing, and the next goes on (P18)", async () => {
    await using service = await runningService();
    const policy = { max_body_bytes: 1024 * 1024, max_record_bytes: 4 * 1024 * 1024 };
    for (let number = 0; number < 6; number += 1) {
      const large = { record: record(number, { request_body: "x".repeat(1_000_000) }), policy };
      expect((await service.send("POST", list, large)).status).toBe(201);
    }
    const first = await listed(service, "?showDetails=true");
    expect(first).toMatchObject({ total: 6, has_more: true, next_offset: 4, data: { length: 4 } });
    const rest = await listed(service, `?showDetails=true&after=${first.next_after ?? ""}`);
    expect(rest.data.map(({ id }) => id)).toEqual(["replay-1", "replay-0"]);
    // Bodies are no part of a summary, so they do not make its page short.
    expect(await listed(service)).toMatchObject({ has_more: false, data: { length: 6 } });
  });

  test("a conversation too long for one answer goes on in the next, and repeats nothing (P18, P22)", async () => {
    await using service = await runningService();
    const policy = { max_tool_trace_bytes: 1024 * 1024, max_record_bytes: 4 * 1024 * 1024 };
    const call = (id: number, source: string): object => ({
      type: "assistant_tool_call",
      source,
      tool_name: "look_up",
      tool_call_id: `call_${id}`,
      arguments: "{}",
    });
    for (let turn = 0; turn < 6; turn += 1) {
      // Each request brings the call before it along, and a large result of it.
      const output = `${turn} ${"x".repeat(900_000)}`;
      const steps = [
        { type: "user_input", source: "request", text: "q" },
        ...(turn === 0 ? [] : [call(turn - 1, "request")]),
        ...(turn === 0
          ? []
          : [{ type: "client_tool_result", source: "request", tool_call_id: `call_${turn - 1}`, output }]),
        call(turn, "response"),
      ];
      const one = { record: record(turn, { session_id: "long", tool_trace: { steps } }), policy };
      expect((await service.send("POST", list, one)).status).toBe(201);
    }
    interface Reply {
      readonly record_count: number;
      readonly messages: readonly { readonly role: string }[];
      readonly has_more?: boolean;
      readonly next_offset?: number;
    }
    const page = async (offset: number): Promise<Reply> =>
      (await service.send("GET", `${list}/trajectory?session_id=long&offset=${offset}`)).body as Reply;
    const first = await page(0);
    expect(first).toMatchObject({ record_count: 6, has_more: true });
    const second = await page(first.next_offset ?? 0);
    expect(second).toMatchObject({ record_count: 6 });
    expect(second).not.toHaveProperty("has_more");
    const told = [...first.messages, ...second.messages].map(({ role }) => role);
    expect(told).toEqual(["user", "assistant", ...Array.from({ length: 5 }, () => ["tool", "assistant"]).flat()]);
    expect(await service.send("GET", `${list}/trajectory?session_id=long&offset=-1`)).toMatchObject({ status: 400 });
  });

  test("an outage is an error, never an empty page (P6)", async () => {
    await using service = await runningService();
    await add(service, record(1));
    await service.state.close();
    for (const path of [list, `${list}/replay-1`, `${list}/aggregate`, `${list}/export`]) {
      expect(await service.send("GET", path)).toMatchObject({
        status: 503,
        body: { error: { type: "invalid_request_error", code: 503 } },
      });
    }
  });

  test("an export that fails midway breaks off, so that a part does not pass for the whole", async () => {
    await using service = await runningService();
    // More than the store reads at a time, and more than fits into the buffers of a connection.
    const prompt = "x".repeat(30_000);
    await Promise.all(Array.from({ length: 600 }, (_, number) => service.state.replay.add(record(number, { prompt }))));
    const whole = await fetch(new URL(`${list}/export`, service.url));
    expect((await whole.text()).trimEnd().split("\n")).toHaveLength(600);
    const broken = await fetch(new URL(`${list}/export`, service.url));
    const reader = (broken.body as ReadableStream<Uint8Array>).getReader();
    expect((await reader.read()).done).toBe(false);
    await service.state.close();
    const readOn = async (): Promise<void> => {
      while (!(await reader.read()).done);
    };
    await expect(readOn()).rejects.toThrow();
  });

  test("every answer, refusals included, forbids keeping and guessing; other methods are refused as in the reference", async () => {
    await using service = await runningService();
    await add(service, record(1));
    for (const path of [list, `${list}/replay-1`, `${list}/aggregate`, `${list}/nothing`, `${list}/export`]) {
      const { headers } = await service.send("GET", path);
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-request-id")).toMatch(/^req_/);
    }
    for (const path of [list, `${list}/replay-1`, `${list}/aggregate`, `${list}/trajectory`]) {
      const head = await service.send("HEAD", path);
      expect(head.status).toBe(405);
      expect(head.headers.get("content-type")).toContain("application/json");
      const put = await service.send("PUT", path, {});
      expect(put).toMatchObject({ status: 405, body: "Method Not Allowed\n" });
      expect(put.headers.get("allow")).toContain("GET");
      expect(put.headers.get("cache-control")).toBe("no-store");
    }
  });

  test("a blank id is none, and an id that can name nothing is refused", async () => {
    await using service = await runningService();
    expect(await service.send("GET", `${list}/%20`)).toMatchObject({
      status: 400,
      body: { error: { message: "replay id is required" } },
    });
    expect((await service.send("GET", `${list}/a%2Fb`)).status).toBe(400);
  });
});

describe("erasing", () => {
  test("one, those of a session, and those of a time; never all by leaving something out", async () => {
    await using service = await runningService();
    await add(service, ...[1, 2, 3, 4, 5, 6].map((number) => record(number, { session_id: `session-${number % 2}` })));
    const ids = async (): Promise<string[]> => (await listed(service)).data.map(({ id }) => id);
    const remove = async (query: string): Promise<unknown> => (await service.send("DELETE", `${list}${query}`)).body;

    expect(await remove("/replay-6")).toEqual({ object: "router_replay.deleted", id: "replay-6", deleted: true });
    expect(await service.send("DELETE", `${list}/replay-6`)).toMatchObject({ status: 404 });
    for (const query of ["", "?session_id=%20", "?before=today", "?session_id=a&before=2099-05-01T10:00:00Z"]) {
      expect((await service.send("DELETE", `${list}${query}`)).status).toBe(400);
    }
    expect(await ids()).toHaveLength(5);
    expect(await remove("?after=2099-05-01T10:00:02Z&before=2099-05-01T10:00:04Z")).toMatchObject({ deleted: 2 });
    expect(await ids()).toEqual(["replay-5", "replay-4", "replay-1"]);
    expect(await remove("?session_id=session-0")).toMatchObject({ deleted: 1 });
    expect(await remove("?before=2099-05-01T12:00:02%2B02:00")).toMatchObject({ deleted: 1 });
    await service.restart();
    expect(await ids()).toEqual(["replay-5"]);
    expect(await remove("?after=2099-01-01T00:00:00Z")).toMatchObject({ deleted: 1 });
    expect(await listed(service)).toMatchObject({ total: 0, data: [] });
  });
});

describe("roles", () => {
  test("a viewer reads, a writer records and deletes its records, an administrator erases by session and time", async () => {
    await using service = await keyedService();
    const body = { record: record(1, { prompt: "PRIVATE" }) };
    const calls = [
      ["writer", "POST", list, body],
      ["writer", "PATCH", `${list}/replay-1`, { response: { body: "PRIVATE" } }],
      ["writer", "POST", `${list}/recover`, { recorder: "router", run: "1" }],
      ["viewer", "GET", `${list}/replay-1`, undefined],
      ["viewer", "GET", `${list}/export`, undefined],
      ["admin", "DELETE", `${list}?session_id=nobody`, undefined],
      ["writer", "DELETE", `${list}/replay-1`, undefined],
    ] as const;
    const below = { viewer: undefined, writer: "detail", admin: "writer" } as const;
    for (const [role, method, path, sent] of calls) {
      const lower = below[role];
      if (lower !== undefined) {
        expect(await service.as(lower, method, path, sent)).toMatchObject({
          status: 403,
          body: { error: { code: "INSUFFICIENT_ROLE", request_id: expect.any(String) as string } },
        });
      }
      const reply = await service.as(role, method, path, sent);
      expect([200, 201]).toContain(reply.status);
      if (role === "viewer") expect(JSON.stringify(reply.body)).not.toContain("PRIVATE");
    }
    expect(await service.send("GET", list)).toMatchObject({
      status: 401,
      body: { error: { code: "INVALID_API_KEY" } },
    });
  });

  test("what can not be redacted does not leave: 500, and not a word of it", async () => {
    await using service = await keyedService();
    const sha256 = "a".repeat(64);
    const server = createServer(service.state, { keys: [{ name: "k", role: "viewer", sha256 }], logLevel: "silent" });
    const damaged = { id: "replay-1", decision: { text: "PRIVATE" } };
    server.get(
      "/v1/router_replay_damaged",
      {
        config: {
          description: {
            role: "public",
            tag: "Test",
            summary: "Test",
            reply: { contentType: "", description: "" },
            errors: "replay",
          },
        },
      },
      (request) => recordShownTo(request, damaged),
    );
    const reply = await server.inject("/v1/router_replay_damaged");
    await server.close();
    expect(reply.statusCode).toBe(500);
    expect(reply.json()).toEqual({
      error: {
        message: "router replay response could not be safely redacted",
        type: "invalid_request_error",
        code: 500,
      },
    });
  });
});
