import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { importRedis } from "../../src/transfer/reference/import-redis.js";
import { importReplay } from "../../src/transfer/reference/import-replay.js";
import { uncopied } from "../../src/transfer/reference/copy-text.js";
import { importMarks } from "../../src/surfaces/imports/index.js";
import { Replay } from "../../src/surfaces/replay/index.js";
import { responseThreadsCollection } from "../../src/surfaces/responses/index.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder } from "../support/state-folder.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { diesAfter } from "../surfaces/store-under-test.js";
import { importing, targetOf } from "./transfer.js";

const never = "0001-01-01T00:00:00Z";

/** A response as the reference's Redis holds it. */
function stored(id: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id,
    object: "response",
    created_at: 1_760_000_000,
    model: "model-a",
    status: "completed",
    input: [{ type: "message", role: "user", content: `the question of ${id}` }],
    output: [
      {
        type: "message",
        id: `item_${id}`,
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: `the answer of ${id}` }],
      },
    ],
    output_text: `the answer of ${id}`,
    usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 },
    instructions: "be kind",
    metadata: { team: "a" },
    ttl: never,
    ...more,
  };
}

function keyed(value: Readonly<Record<string, unknown>>, more: object = {}): Record<string, unknown> {
  const kind = value["object"] === "conversation" ? "conversation" : "response";
  return { key: `sr:${kind}:${String(value["id"])}`, value, ...more };
}

const history = [
  // In no order, as SCAN gives them.
  keyed(stored("resp_3", { created_at: 1_760_000_020, previous_response_id: "resp_2", conversation_id: "conv_a" })),
  keyed(stored("resp_1", { conversation_id: "conv_a" })),
  keyed({
    id: "conv_a",
    object: "conversation",
    created_at: 1_759_999_999,
    updated_at: 1_760_000_020,
    metadata: { topic: "x" },
    response_ids: ["resp_1", "resp_gone"],
    ttl: never,
  }),
  keyed(stored("resp_2", { created_at: 1_760_000_010, previous_response_id: "resp_1", conversation_id: "conv_a" })),
  keyed(stored("resp_label", { conversation_id: "only/a/label" })),
];

describe("an import from the reference's Redis", () => {
  test("serves every response with its id and content, in its chain and conversation", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const path = elsewhere.at("dump.jsonl");
    // Values as redis-cli prints them, and as JSON: both forms, and an empty line.
    const [first = {}, ...rest] = history;
    const lines = [
      JSON.stringify({ ...first, value: JSON.stringify(first["value"]) }),
      ...rest.map((line) => JSON.stringify(line)),
      "",
    ];
    await writeFile(path, `${lines.join("\n")}\n`);
    const state = await folder.open();
    const dry = await importRedis(path, targetOf(state), importing({ dryRun: true }));
    expect(await state.responses.get("resp_1")).toBeUndefined();
    const report = await importRedis(path, targetOf(state), importing());
    expect(dry).toEqual({ ...report, dryRun: true });
    expect(report).toMatchObject({ written: { responses: 4, conversations: 1 }, skipped: 0 });
    expect(report.remarks).toHaveLength(1);

    for (const { value } of history as { value: Record<string, unknown> }[]) {
      if (value["object"] !== "response") continue;
      const { input } = value;
      const changed = ["input", "output_text", "ttl"];
      const kept = Object.fromEntries(Object.entries(value).filter(([name]) => !changed.includes(name)));
      const found = await state.responses.get(String(value["id"]));
      expect(found?.body.response).toMatchObject(kept);
      expect(found?.body.input).toMatchObject([
        { role: "user", content: [{ type: "input_text", text: (input as { content: string }[])[0]?.content }] },
      ]);
    }
    const chain = await state.responses.chain("resp_3", { strict: true });
    expect(chain.responses.map(({ id }) => id)).toEqual(["resp_1", "resp_2", "resp_3"]);
    const conversation = await state.conversations.get("conv_a");
    expect(conversation?.body.conversation).toEqual({
      id: "conv_a",
      object: "conversation",
      created_at: 1_759_999_999,
      updated_at: 1_760_000_020,
      metadata: { topic: "x" },
    });
    const { items } = await state.conversations.items("conv_a", { order: "asc" });
    expect(items.map((item) => (item["content"] as { text: string }[])[0]?.text)).toEqual([
      "the question of resp_1",
      "the answer of resp_1",
      "the question of resp_2",
      "the answer of resp_2",
      "the question of resp_3",
      "the answer of resp_3",
    ]);
    const listed = await state.responses.list({ conversation: "conv_a" });
    expect(listed.responses).toHaveLength(3);
  });

  test("takes an array too, keeps what expiry is set, and leaves out what has expired", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const path = elsewhere.at("dump.json");
    const now = Date.now();
    const hour = 60 * 60 * 1000;
    const dump = [
      keyed(stored("resp_forever")),
      keyed(stored("resp_hour", { ttl: new Date(now + hour).toISOString().replace("Z", "456789Z") })),
      keyed(stored("resp_key"), { pttl: 2 * hour }),
      keyed(stored("resp_past", { ttl: new Date(now - 1_000).toISOString() })),
      { key: "sr:response:resp_raced", value: null },
    ];
    await writeFile(path, JSON.stringify(dump, null, 2));
    const state = await folder.open();
    const report = await importRedis(path, { ...targetOf(state), now: () => now }, importing());
    expect(report).toMatchObject({ written: { responses: 3 }, expired: 1 });
    // An expiry is never early, and late by a hundredth at most.
    const lifetimes = { resp_forever: 30 * 24 * hour, resp_hour: hour, resp_key: 2 * hour };
    for (const [id, lifetime] of Object.entries(lifetimes)) {
      const found = await state.responses.get(id);
      const thread = await state.collection(responseThreadsCollection).get(found?.body.thread ?? "x");
      const expiry = Date.parse(thread?.body.expires_at ?? "") - now;
      expect(expiry).toBeGreaterThanOrEqual(lifetime);
      expect(expiry).toBeLessThanOrEqual(lifetime * 1.01);
    }
    expect(await state.responses.get("resp_past")).toBeUndefined();
  });

  test("lists everything that is wrong, and writes nothing", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const path = elsewhere.at("dump.jsonl");
    const lines = [
      keyed(stored("resp_1")),
      keyed(stored("resp_1")),
      { key: "session:1", value: {} },
      keyed(stored("resp_2", { output: "text" })),
      keyed(stored("resp_3", { metadata: { x: "y".repeat(600) } })),
      keyed(stored("a/b")),
      { key: "sr:response:resp_4", value: "{cut" },
    ];
    await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const state = await folder.open();
    const error = await rejectionOf(importRedis(path, targetOf(state), importing()));
    expect(error.code).toBe("INVALID_DOCUMENT");
    expect(new Set(error.problems.map((problem) => problem.path.split("/")[2]))).toEqual(
      new Set(["2", "3", "4", "5", "6", "7"]),
    );
    expect(await state.responses.get("resp_1")).toBeUndefined();
  });

  test("that was cut short goes on, and one that is complete is refused the next time", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const path = elsewhere.at("dump.jsonl");
    await writeFile(path, history.map((line) => `${JSON.stringify(line)}\n`).join(""));
    let state = await folder.open();
    const dying = importRedis(path, { ...targetOf(state), store: diesAfter(state, 3) }, importing());
    await expect(dying).rejects.toThrow("the process died here");
    await state.close();
    state = await folder.open();
    const report = await importRedis(path, targetOf(state), importing());
    expect(report.resumed).toBe(true);
    expect(report.skipped).toBeGreaterThan(0);
    expect((await state.responses.chain("resp_3")).responses).toHaveLength(3);
    const { items } = await state.conversations.items("conv_a", { order: "asc", limit: 100 });
    expect(items).toHaveLength(6);
    expect(await state.collection(importMarks).count()).toBe(0);
    expect(await rejectionOf(importRedis(path, targetOf(state), importing()))).toMatchObject({
      code: "ALREADY_EXISTS",
    });
    expect(await importRedis(path, targetOf(state), importing({ existing: "skip" }))).toMatchObject({ skipped: 5 });
    expect(await importRedis(path, targetOf(state), importing({ existing: "replace" }))).toMatchObject({
      written: { responses: 4, conversations: 1 },
    });
    expect((await state.conversations.items("conv_a", { limit: 100 })).items).toHaveLength(6);
  });
});

/** A row as row_to_json gives it. */
function row(id: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id,
    timestamp: "2026-01-01T10:00:00.123456+00:00",
    request_id: `request-${id}`,
    session_id: null,
    turn_index: 0,
    decision: "billing",
    decision_tier: 1,
    decision_priority: 10,
    selected_model: "model-a",
    signals: { keyword: ["invoice"] },
    tool_trace: null,
    request_body: 'a "quoted" body\nwith a line and a \\ backslash',
    response_status: 200,
    lifecycle_state: "completed",
    ended_at: "0001-01-01T00:00:00+00:00",
    prompt_tokens: 0,
    category: "",
    ...more,
  };
}

/** As `COPY ... TO STDOUT` prints it in text format. */
function copied(value: unknown): string {
  return `${JSON.stringify(value).replaceAll("\\", "\\\\")}\n`;
}

const replayClock = { now: (): number => Date.parse("2026-01-02T00:00:00Z") };

describe("an import of the reference's replay table", () => {
  test("brings every record with its content, counted", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const path = elsewhere.at("replay.copy");
    const rows = [
      row("a"),
      row("b", { signals: '{"domain":["law"]}', timestamp: "2026-01-01 11:00:00.5", lifecycle_state: null }),
      row("c", {
        lifecycle_state: "failed",
        terminal_reason: "upstream_error_response",
        request_body: "x".repeat(20_000),
      }),
      row("old", { timestamp: "2025-01-01T00:00:00Z" }),
    ];
    await writeFile(path, `${rows.map(copied).join("")}\\.\n`);
    const state = await folder.open();
    const target = { ...targetOf(state), ...replayClock };
    const report = await importReplay(path, target, importing());
    expect(report).toMatchObject({ written: { replay_records: 3 }, expired: 1, skipped: 0 });
    const replay = new Replay(state, replayClock);
    const a = await replay.get("a");
    expect(a?.record).toMatchObject({
      id: "a",
      timestamp: "2026-01-01T10:00:00.123456+00:00",
      request_body: rows[0]?.["request_body"],
      signals: { keyword: ["invoice"] },
      prompt_tokens: 0,
      lifecycle_state: "completed",
    });
    for (const absent of ["session_id", "tool_trace", "ended_at", "category"])
      expect(a?.record).not.toHaveProperty(absent);
    expect((await replay.get("b"))?.record).toMatchObject({
      signals: { domain: ["law"] },
      timestamp: "2026-01-01T11:00:00.5Z",
      lifecycle_state: "unknown",
    });
    expect((await replay.get("c"))?.record.request_body).toHaveLength(20_000);
    const aggregate = await replay.aggregate();
    expect(JSON.stringify(aggregate)).toContain('"failed":1');
    expect(await replay.reconcile()).toEqual([]);
    const again = importReplay(path, target, importing());
    expect(await rejectionOf(again)).toMatchObject({ code: "ALREADY_EXISTS", details: { count: 3 } });
    expect(await importReplay(path, target, importing({ existing: "replace" }))).toMatchObject({
      written: { replay_records: 3 },
    });
    expect((await replay.list()).total).toBe(3);
  });

  test("refuses rows that no COPY printed, and what is no record, line by line", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const path = elsewhere.at("replay.copy");
    const lines = [
      copied(row("a")),
      `${JSON.stringify(row("b"))}\n`,
      copied(row("c", { turn_index: "x" })),
      copied([1]),
    ];
    await writeFile(path, lines.join(""));
    const state = await folder.open();
    const error = await rejectionOf(importReplay(path, { ...targetOf(state), ...replayClock }, importing()));
    expect(error.code).toBe("INVALID_DOCUMENT");
    expect(error.problems.map((problem) => problem.path)).toEqual([
      "/lines/2",
      "/lines/3/record/turn_index",
      "/lines/4",
    ]);
  });

  test("undoes what COPY does to JSON, and nothing else", () => {
    const texts = ["plain", 'a "quote"', "a line\nand a tab\t", "a \\ backslash and \\n that is none", "Ünï \u0001"];
    for (const text of texts) expect(uncopied(copied({ text }).trimEnd())).toBe(JSON.stringify({ text }));
    expect(uncopied('{"text":"a\\nb"}')).toBeUndefined();
  });
});
