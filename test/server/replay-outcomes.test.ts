import { describe, expect, test, vi } from "vitest";
import { OutcomeLimit } from "../../src/server/replay/outcome-limit.js";
import { runningService, type Reply, type RunningService } from "./running-service.js";

const outcome = { replay_id: "replay-1", target: "model", verdict: "good_fit" };

function post(service: RunningService, body: unknown, key = "key-1"): Promise<Reply> {
  return service.send("POST", "/v1/router/outcomes", body, { "idempotency-key": key });
}

async function withRecord(): Promise<RunningService> {
  const service = await runningService();
  await service.send("POST", "/v1/router_replay", { record: { id: "replay-1", selected_model: "model-large" } });
  return service;
}

async function stored(service: RunningService): Promise<unknown> {
  const { body } = await service.send("GET", "/v1/router_replay/replay-1");
  return (body as { readonly outcomes?: unknown }).outcomes;
}

describe("POST /v1/router/outcomes", () => {
  test("appends what was found, bounded, its source told by the key and not by the body", async () => {
    await using service = await withRecord();
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`key-${index}`, ` value ${index} `]));
    const reply = await post(service, {
      ...outcome,
      target: "route",
      source: "eval",
      target_ref: `${"r".repeat(511)}\u{1F600}`,
      reason: "  did well ",
      score: 0,
      metadata: { ["k".repeat(129)]: "x", long: "v".repeat(1025), ...many },
    });
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({
      success: true,
      updated: 1,
      recorded: true,
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    });
    expect(await stored(service)).toEqual([
      {
        timestamp: (reply.body as { readonly timestamp: string }).timestamp,
        source: "operator",
        target: "route",
        target_ref: "r".repeat(511),
        verdict: "good_fit",
        reason: "did well",
        score: 0,
        metadata: Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`key-${index}`, `value ${index}`])),
      },
    ]);
  });

  test("adds nothing under a key that was used, also after a restart (P21)", async () => {
    await using service = await withRecord();
    await post(service, outcome);
    const [second, third] = [await post(service, outcome), (await service.restart(), await post(service, outcome))];
    for (const repeat of [second, third]) {
      expect(repeat).toMatchObject({
        status: 200,
        body: { success: true, updated: 0, recorded: true, duplicate: true },
      });
    }
    expect(await stored(service)).toHaveLength(1);
    const other = await post(service, { ...outcome, verdict: "failed" });
    expect(other).toMatchObject({ status: 422, body: { error: { code: "IDEMPOTENCY_KEY_REUSED" } } });
    expect((await post(service, outcome, "key-2")).body).toMatchObject({ updated: 1 });
    expect(await stored(service)).toHaveLength(2);
  });

  test("is refused in the management shape, and then stores nothing", async () => {
    await using service = await withRecord();
    const refusals: readonly (readonly [unknown, string, number, string])[] = [
      [outcome, "", 400, "MISSING_IDEMPOTENCY_KEY"],
      [outcome, "k".repeat(257), 400, "INVALID_IDEMPOTENCY_KEY"],
      [undefined, "k", 400, "INVALID_OUTCOME"],
      [{ ...outcome, replay_id: " " }, "k", 400, "INVALID_OUTCOME"],
      [{ ...outcome, target: "person" }, "k", 400, "INVALID_OUTCOME"],
      [{ ...outcome, verdict: "fine" }, "k", 400, "INVALID_OUTCOME"],
      [{ ...outcome, source: "stranger" }, "k", 400, "INVALID_OUTCOME"],
      [{ ...outcome, score: 1.5 }, "k", 400, "INVALID_OUTCOME"],
      [{ ...outcome, metadata: { a: 1 } }, "k", 400, "INVALID_OUTCOME"],
      [{ ...outcome, replay_id: "nothing" }, "k", 404, "REPLAY_NOT_FOUND"],
      [{ ...outcome, replay_id: "a/b" }, "k", 404, "REPLAY_NOT_FOUND"],
      [{ ...outcome, target_ref: "model-small" }, "k", 409, "OUTCOME_OWNERSHIP_MISMATCH"],
    ];
    for (const [body, key, status, code] of refusals) {
      const reply = await post(service, body, key);
      expect(reply.body).toEqual({
        error: {
          code,
          message: expect.any(String) as string,
          timestamp: expect.any(String) as string,
          request_id: expect.any(String) as string,
        },
      });
      expect(reply.status).toBe(status);
    }
    expect(await stored(service)).toBeUndefined();
    const several = await post(service, { replay_id: "replay-1", target: "x", verdict: "y", score: -1 }, "k");
    const { message } = (several.body as { readonly error: { readonly message: string } }).error;
    for (const part of ["target must be one of", "verdict must be one of", "score must be between"]) {
      expect(message).toContain(part);
    }
  });

  test("takes sixty a minute of each role", () => {
    let now = 1_000_000;
    const limit = new OutcomeLimit(60, () => now);
    for (let count = 0; count < 60; count += 1) expect(limit.secondsToWait("writer")).toBe(0);
    now += 20_500;
    expect(limit.secondsToWait("writer")).toBe(40);
    expect(limit.secondsToWait("admin")).toBe(0);
    now += 39_500;
    expect(limit.secondsToWait("writer")).toBe(0);
  });

  test("says so when there were too many, and when to come again", async () => {
    await using service = await withRecord();
    // The minute must not pass on a slow machine: the clock stands still.
    vi.useFakeTimers({ toFake: ["Date"] });
    let last: Reply | undefined;
    try {
      for (let count = 0; count <= 60; count += 1) last = await post(service, {}, `key-${count}`);
    } finally {
      vi.useRealTimers();
    }
    expect(last).toMatchObject({ status: 429, body: { error: { code: "RATE_LIMITED" } } });
    expect(Number(last?.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});
