import { describe, expect, test } from "vitest";
import type { Store } from "../../src/collections/index.js";
import { HoldfastError } from "../../src/errors.js";
import { Replay, replayRecordsCollection, type ReplayRecordInput } from "../../src/surfaces/replay/index.js";
import { at, countersAndRecount, countingCommits, day, record, second, start, step } from "./replay-samples.js";
import { diesAfter, onFullDisk, type StoreFactory } from "./store-under-test.js";

const completeRecord: ReplayRecordInput = {
  id: "replay_full",
  timestamp: "2026-11-23T06:38:20.123456789+02:00",
  turn_index: 2,
  decision_tier: 1,
  decision_priority: 7,
  signals: { keyword: ["code"], kb: ["docs"], later_kind: ["kept"] },
  lifecycle_state: "in_progress",
  confidence_score: 0.25,
  selection_method: "static",
  jailbreak_detected: false,
  pii_entities: ["EMAIL"],
  cache_hit_kind: "exact",
  cache_ttl_seconds: 60,
  prompt_tokens: 0,
  completion_tokens: null,
  actual_cost: 0,
  route_diagnostics: { annotations: { any: [1, { deep: true }] }, context_compression_applied: true, later: 1 },
  learning: { adaptation: { sampling: { used: true, seed: 3 }, scores: { m: { score: 0.5, later: 2 } } } },
  projection_trace: { schema_version: "1", partitions: [{ group_name: "g", signal_type: "s", later: 3 }] },
  session_policy: { anything: null },
  later_group: { kept: "verbatim" },
};

/** What the router replay promises, on any engine. */
export function replayContract(engine: string, open: StoreFactory): void {
  /** A replay whose clock stands at so many seconds after the start, until it is moved. */
  const replayOn = (store: Store, options: ConstructorParameters<typeof Replay>[1] = {}) => {
    const clock = { seconds: 0 };
    const now = (): number => start + clock.seconds * second;
    return { clock, replay: new Replay(store, { now, run: "run_1", ...options }) };
  };

  describe(`router replay on ${engine}`, () => {
    test("P8: a record is kept whole: every group, unknown members, zeros, and the time as it was written", async () => {
      await using under = await open();
      const { replay } = replayOn(under.store, { now: () => Date.parse("2026-11-23T04:38:21Z") });
      await replay.add(completeRecord);
      expect((await replay.get("replay_full"))?.record).toEqual(completeRecord);
      await under.reopen();
      const again = new Replay(under.store, { now: () => Date.parse("2026-11-23T04:38:21Z") });
      expect((await again.get("replay_full"))?.record).toMatchObject({
        ...completeRecord,
        lifecycle_state: expect.any(String) as string,
      });
    });

    test("a record begins as the reference begins it", async () => {
      await using under = await open();
      const { replay } = replayOn(under.store);
      const added = await replay.add({});
      expect(added.id).toMatch(/^[0-9a-f]{32}$/);
      expect(added.record).toEqual({
        id: added.id,
        timestamp: at(0),
        turn_index: 0,
        decision_tier: 0,
        decision_priority: 0,
        signals: {},
        lifecycle_state: "in_progress",
      });
      await expect(replay.add({ id: added.id })).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    });

    test("P20: what is wrong with a record is told all at once, and nothing of it is stored", async () => {
      await using under = await open();
      const { replay } = replayOn(under.store);
      const wrong = { id: "a/b", timestamp: "noon", lifecycle_state: "done", signals: { keyword: "x" } };
      const error: unknown = await replay
        .add(wrong as unknown as ReplayRecordInput, { policy: { max_body_bytes: 10 ** 9 } })
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(HoldfastError);
      const problems = (error as HoldfastError).problems.map(({ path }) => path);
      for (const member of ["id", "timestamp", "lifecycle_state", "signals/keyword"]) {
        expect(problems).toContain(`/record/${member}`);
      }
      expect(problems).toContain("/policy/max_body_bytes");
      expect(await replay.list()).toMatchObject({ records: [], total: 0 });
      expect(replay.counters).toMatchObject({ added: 0, dropped: 1 });
    });

    test("what JSON can not say is refused, not stored differently, and takes nobody else along", async () => {
      await using under = await open();
      const { replay } = replayOn(under.store);
      const cyclic: Record<string, unknown> = {};
      cyclic["self"] = cyclic;
      const outcomes = await Promise.allSettled([
        replay.add(record("good_1")),
        replay.add(record("bad_1", { later: cyclic })),
        replay.add(record("bad_2", { later: 1n })),
        replay.add(record("good_2", { prompt: "half \ud83d" })),
        replay.add(record("bad_3", { recipe: "half \ud83d" })),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        "fulfilled",
        "rejected",
        "rejected",
        "fulfilled",
        "rejected",
      ]);
      expect((await replay.get("good_2"))?.record.prompt).toBe("half \ufffd");
    });

    test("the first end counts, and a later one is told that it came late", async () => {
      await using under = await open();
      const { replay, clock } = replayOn(under.store);
      await replay.add(record("r"));
      clock.seconds = 2.5;
      const ends = await Promise.all([
        replay.finish("r", { state: "completed", reason: `  ${"ä".repeat(300)}  ` }),
        replay.finish("r", { state: "failed" }),
      ]);
      expect(ends.map(({ finished }) => finished)).toEqual([true, false]);
      const { record: ended, revision } = ends[1].stored;
      expect(ended).toMatchObject({
        lifecycle_state: "completed",
        terminal_reason: "ä".repeat(256),
        duration_ms: 2_500,
        ended_at: at(2.5),
      });
      expect((await replay.finish("r", { state: "aborted" })).stored).toMatchObject({ revision, record: ended });
      await expect(replay.finish("r", { state: "done" as "failed" })).rejects.toMatchObject({
        code: "INVALID_DOCUMENT",
      });
      await expect(replay.finish("r", { state: "in_progress" as "failed" })).rejects.toMatchObject({
        code: "INVALID_DOCUMENT",
      });
    });

    test("P4: several changes are one commit, and all allowed after the end", async () => {
      await using under = await open();
      const { store, commits } = countingCommits(under.store);
      const { replay } = replayOn(store);
      await replay.add(
        record("r", { tool_trace: { steps: [step("user_input", { text: "q" })], dropped_step_count: 1 } }),
      );
      const before = commits();
      const { stored, finished } = await replay.patch("r", {
        status: { response_status: 200, streaming: true },
        usage: { prompt_tokens: 0, total_tokens: 5, currency: "USD", later_price: 1 },
        hallucination: { hallucination_enabled: true, hallucination_detected: false },
        request: { body: "asked" },
        response: { body: "answered", truncated: true },
        tool_trace: { steps: [step("assistant_final_response", { text: "a" })] },
        finish: { state: "completed", reason: "response_complete" },
      });
      expect(commits()).toBe(before + 1);
      expect({ finished, revision: stored.revision }).toEqual({ finished: true, revision: 2 });
      expect(stored.record).toMatchObject({
        response_status: 200,
        streaming: true,
        prompt_tokens: 0,
        later_price: 1,
        hallucination_detected: false,
        request_body: "asked",
        response_body: "answered",
        response_body_truncated: true,
        lifecycle_state: "completed",
        tool_trace: { dropped_step_count: 1, stage: "LLM Final Response" },
      });
      await replay.updateStatus("r", { response_status: 0, streaming: false, from_cache: true });
      await replay.updateUsage("r", { prompt_tokens: null });
      await replay.updateHallucination("r", { hallucination_spans: ["s"] });
      await replay.updateToolTrace("r", { steps: [step("assistant_final_response", { text: "a" })] });
      const updated = (await replay.get("r"))?.record;
      expect(updated).toMatchObject({ response_status: 200, streaming: true, from_cache: true, prompt_tokens: null });
      expect(updated?.tool_trace?.steps).toHaveLength(2);
    });

    test("changes of a record that is not there are not found, and a group brings only its own members", async () => {
      await using under = await open();
      const { replay } = replayOn(under.store);
      await expect(replay.attachRequest("never", { body: "x" })).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(replay.updateUsage("never", { prompt_tokens: 1 })).rejects.toMatchObject({ code: "NOT_FOUND" });
      await replay.add(record("r"));
      await expect(
        replay.patch("r", { usage: { id: "other", lifecycle_state: "completed" }, hallucination: { prompt: "p" } }),
      ).rejects.toMatchObject({
        code: "INVALID_DOCUMENT",
        problems: [{ path: "/usage/id" }, { path: "/usage/lifecycle_state" }, { path: "/hallucination/prompt" }],
      });
      expect(replay.counters).toMatchObject({ changed: 0, failedChanges: 3 });
    });

    test("P21: an outcome is recorded once under its key, over a restart too, and the key serves no other", async () => {
      await using under = await open();
      const outcome = { timestamp: at(1), source: "operator", target: "model", verdict: "good_fit" };
      const options = { idempotency: { scope: ["outcomes", "key_1"], request: outcome } };
      const { replay } = replayOn(under.store);
      await replay.add(record("r"));
      const both = await Promise.all([
        replay.appendOutcome("r", outcome, options),
        replay.appendOutcome("r", outcome, options),
      ]);
      expect(both.map(({ duplicate }) => duplicate)).toEqual([false, true]);
      const store = await under.reopen();
      const { replay: later } = replayOn(store);
      expect(await later.appendOutcome("r", outcome, options)).toMatchObject({ duplicate: true });
      expect((await later.get("r"))?.record.outcomes).toEqual([outcome]);
      const other = { idempotency: { scope: ["outcomes", "key_1"], request: "another" } };
      await expect(later.appendOutcome("r", outcome, other)).rejects.toMatchObject({ code: "INVALID_DOCUMENT" });
    });

    test("P15: each record goes by its own policy, whatever others are added beside it, and after a restart", async () => {
      await using under = await open();
      const { replay } = replayOn(under.store);
      await Promise.all(
        [4, 8, 16].map((bytes) =>
          replay.add(record(`r${bytes}`, { request_body: "x".repeat(100) }), { policy: { max_body_bytes: bytes } }),
        ),
      );
      await replay.add(record("none"), { policy: { capture_text: false } });
      const store = await under.reopen();
      const { replay: later } = replayOn(store, { policy: { max_body_bytes: 2 } });
      for (const bytes of [4, 8, 16]) {
        const { record: kept } = await later.attachResponse(`r${bytes}`, { body: "y".repeat(100) });
        expect(kept.request_body).toBe("x".repeat(bytes));
        expect(kept.response_body).toBe("y".repeat(bytes));
      }
      const silent = await later.patch("none", {
        request: { body: "marker", truncated: true },
        tool_trace: { steps: [step("user_input", { text: "marker" })] },
      });
      expect(JSON.stringify(silent.stored.record)).not.toMatch(/marker|truncated/);
    });

    test("a record that fills its policy can still be ended", async () => {
      await using under = await open();
      const { replay } = replayOn(under.store);
      const policy = { max_record_bytes: 1_024 };
      const empty = (await replay.add({ ...record("seed"), filler: "" }, { policy })).bytes;
      const filler = "n".repeat(1_024 - empty);
      await replay.add({ ...record("full"), filler }, { policy });
      expect((await replay.get("full"))?.bytes).toBe(1_024);
      const { stored } = await replay.finish("full", { state: "failed", reason: "x".repeat(256) });
      expect(stored.record).toMatchObject({ lifecycle_state: "failed", terminal_reason: "x".repeat(256) });
      await expect(replay.add({ ...record("more"), filler: `${filler}more` }, { policy })).rejects.toMatchObject({
        code: "DOCUMENT_TOO_LARGE",
      });
    });
  });

  describe(`listing replay records on ${engine}`, () => {
    const idsOf = async (replay: Replay, query: Parameters<Replay["list"]>[0]): Promise<string[]> =>
      (await replay.list(query)).records.map(({ id }) => id);

    /** Ten records; several share a time. */
    async function filled(store: Store): Promise<Replay> {
      const { replay } = replayOn(store);
      for (let number = 0; number < 10; number += 1) {
        await replay.add(
          record(`r${number}`, {
            timestamp: at(Math.floor(number / 3)),
            request_id: `Req-${number}`,
            session_id: number % 2 === 0 ? "even" : "odd",
            recipe: number < 5 ? "Alpha" : "beta",
            decision: number % 3 === 0 ? "code" : "chat",
            selected_model: number < 4 ? "small" : "large",
            original_model: number < 6 ? "large" : "auto",
            from_cache: number === 1,
            streaming: number === 2,
          }),
        );
      }
      return replay;
    }

    test("newest first by time, ties by id descending", async () => {
      await using under = await open();
      const replay = await filled(under.store);
      expect(await idsOf(replay, {})).toEqual(["r9", "r8", "r7", "r6", "r5", "r4", "r3", "r2", "r1", "r0"]);
      await replay.add(record("late", { timestamp: at(0.5) }));
      expect((await idsOf(replay, {})).slice(-4)).toEqual(["late", "r2", "r1", "r0"]);
    });

    test("each filter, trimmed and together, with the total of what matches", async () => {
      await using under = await open();
      const replay = await filled(under.store);
      const found = async (query: Parameters<Replay["list"]>[0]): Promise<unknown> => {
        const page = await replay.list({ ...query, limit: 2 });
        const all = await idsOf(replay, { ...query, limit: 100 });
        expect(page.total).toBe(all.length);
        expect(page.records.map(({ id }) => id)).toEqual(all.slice(0, 2));
        return all.map((id) => Number(id.slice(1))).sort();
      };
      expect(await found({ search: " REQ-3 " })).toEqual([3]);
      expect(await found({ search: "alph" })).toEqual([0, 1, 2, 3, 4]);
      expect(await found({ recipe: "beta" })).toEqual([5, 6, 7, 8, 9]);
      expect(await found({ recipe: "BETA" })).toEqual([]);
      expect(await found({ decision: "code" })).toEqual([0, 3, 6, 9]);
      expect(await found({ decision: "beta::code" })).toEqual([6, 9]);
      expect(await found({ session_id: " even " })).toEqual([0, 2, 4, 6, 8]);
      expect(await found({ model: "small" })).toEqual([0, 1, 2, 3]);
      expect(await found({ model: "large" })).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(await found({ model: "large", session_id: "odd" })).toEqual([1, 3, 5, 7, 9]);
      expect(await found({ cache_status: "cached" })).toEqual([1]);
      expect(await found({ cache_status: "streamed" })).toEqual([2]);
      expect(await found({ cache_status: "all", recipe: "", search: " " })).toHaveLength(10);
      expect(await found({ decision: "chat", model: "auto", session_id: "odd" })).toEqual([7]);
    });

    test("P19: a cursor goes on where the page ended, whatever comes and goes", async () => {
      await using under = await open();
      const replay = await filled(under.store);
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page = await replay.list({ model: "large", limit: 3, after });
        seen.push(...page.records.map(({ id }) => id));
        after = page.next;
        // The record that the cursor was taken from goes, and newer ones arrive in front.
        await replay.delete(seen.at(-1) ?? "");
        await replay.add(record(`new_${seen.length}`, { timestamp: at(9), selected_model: "large" }));
      } while (after !== undefined);
      expect(seen).toEqual(["r9", "r8", "r7", "r6", "r5", "r4", "r3", "r2", "r1", "r0"]);
      await expect(replay.list({ after: "nonsense" })).rejects.toMatchObject({ code: "INVALID_CURSOR" });
    });

    test("an offset pages as in the reference, and is clamped to the total", async () => {
      await using under = await open();
      const replay = await filled(under.store);
      const page = await replay.list({ limit: 3, offset: 4 });
      expect(page.records.map(({ id }) => id)).toEqual(["r5", "r4", "r3"]);
      expect(page).toMatchObject({ total: 10, hasMore: true, limit: 3, offset: 4 });
      expect(await replay.list({ offset: 99 })).toMatchObject({ records: [], hasMore: false, offset: 10, limit: 20 });
      const wrong = { limit: 0, offset: -1, cache_status: "warm" as "cached" };
      await expect(replay.list(wrong)).rejects.toMatchObject({
        code: "INVALID_CONFIG",
        problems: [{ path: "/limit" }, { path: "/offset" }],
      });
      await expect(replay.list({ cache_status: wrong.cache_status })).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    });

    test("P18: a page ends before it has too many bytes, yet always gets on", async () => {
      await using under = await open();
      const { replay } = replayOn(under.store);
      for (let number = 0; number < 6; number += 1) {
        await replay.add(record(`r${number}`, { timestamp: at(number), request_body: "x".repeat(1_000) }));
      }
      const maximumBytes = 2 * ((await replay.get("r0"))?.bytes ?? 0);
      const first = await replay.list({ maximumBytes });
      expect(first).toMatchObject({ hasMore: true, total: 6 });
      expect(first.records.map(({ id }) => id)).toEqual(["r5", "r4"]);
      const second = await replay.list({ maximumBytes: 1, after: first.next });
      expect(second.records.map(({ id }) => id)).toEqual(["r3"]);
    });

    test("P2: a session is found by its id, else by the request's, oldest first", async () => {
      await using under = await open();
      const replay = await filled(under.store);
      expect((await replay.session("even")).map(({ id }) => id)).toEqual(["r0", "r2", "r4", "r6", "r8"]);
      expect((await replay.session("Req-3")).map(({ id }) => id)).toEqual(["r3"]);
      expect(await replay.session("never")).toEqual([]);
    });

    test("P20: an export gives every record once, oldest first", async () => {
      await using under = await open();
      const replay = await filled(under.store);
      const ids: string[] = [];
      for await (const { id } of replay.export({ session_id: "odd" })) {
        ids.push(id);
        await replay.delete(id);
      }
      expect(ids).toEqual(["r1", "r3", "r5", "r7", "r9"]);
    });

    test("P6: a read that fails is an error, not an empty list", async () => {
      await using under = await open();
      const failing: Store = {
        ...diesAfter(under.store, 0),
        lastSequence: 0,
        collection: () => {
          throw new HoldfastError("STORAGE_FAILED", "The disk is gone.");
        },
      };
      const { replay } = replayOn(failing);
      await expect(replay.list()).rejects.toMatchObject({ code: "STORAGE_FAILED" });
      await expect(replay.aggregate()).rejects.toMatchObject({ code: "STORAGE_FAILED" });
      await expect(replay.session("s")).rejects.toMatchObject({ code: "STORAGE_FAILED" });
      await expect(replay.get("r")).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    });
  });

  describe(`retention and erasure of replay records on ${engine}`, () => {
    test("P20: by session, and by time to the nanosecond", async () => {
      await using under = await open();
      const { replay } = replayOn(under.store);
      const time = at(1).replace(".000Z", "");
      for (const [id, fraction] of [
        ["a", "000000001"],
        ["b", "000000002"],
        ["c", "000000003"],
      ] as const) {
        await replay.add(record(id, { timestamp: `${time}.${fraction}Z`, session_id: id }));
      }
      expect(await replay.deleteBetween(`${time}.000000002Z`, `${time}.000000003Z`)).toBe(1);
      expect((await replay.list()).records.map(({ id }) => id)).toEqual(["c", "a"]);
      expect(await replay.deleteSession("a")).toBe(1);
      expect(await replay.deleteOlderThan(`${time}.000000003Z`)).toBe(0);
      expect(await replay.deleteOlderThan(new Date(start + day))).toBe(1);
      expect(await replay.delete("c")).toBe(false);
      await expect(replay.deleteOlderThan("noon")).rejects.toMatchObject({ code: "INVALID_CONFIG" });
      expect(replay.counters).toMatchObject({ added: 3, deleted: 3 });
    });

    test("P20: an erasure that died on the way goes on with the rest", async () => {
      await using under = await open();
      const { replay } = replayOn(under.store);
      await Promise.all(
        Array.from({ length: 250 }, (_, number) => replay.add(record(`r${number}`, { session_id: "s" }))),
      );
      const { replay: dying } = replayOn(diesAfter(under.store, 2));
      await expect(dying.deleteSession("s")).rejects.toThrow("died here");
      expect((await replay.list()).total).toBe(50);
      expect(await replay.deleteSession("s")).toBe(50);
      expect(await countersAndRecount(under.store)).toMatchObject({
        kept: { cells: [], totals: { records: 0, bytes: 0 } },
      });
    });

    test("P10: a record is gone when its time is up, by its timestamp, whatever was changed since", async () => {
      await using under = await open();
      const { replay, clock } = replayOn(under.store, { retention: { timeToLiveMs: 10 * second } });
      await replay.add(record("old", { selected_model: "m", session_id: "s" }));
      await replay.add(record("new", { timestamp: at(5), selected_model: "m", session_id: "s" }));
      clock.seconds = 9;
      await replay.updateStatus("old", { response_status: 200 });
      clock.seconds = 10;
      expect(await replay.get("old")).toBeUndefined();
      await expect(replay.updateStatus("old", {})).rejects.toMatchObject({ code: "NOT_FOUND" });
      for (const query of [{}, { model: "m" }, { session_id: "s" }]) {
        expect(await replay.list(query)).toMatchObject({ total: 1, records: [{ id: "new" }] });
        expect(await replay.aggregate(query)).toMatchObject({ recordCount: 1 });
      }
      expect(await replay.session("s")).toHaveLength(1);
      await expect(replay.add(record("older", { timestamp: at(0) }))).rejects.toMatchObject({
        code: "INVALID_DOCUMENT",
      });
      // The id is free again, though what had it is not removed yet.
      await replay.add(record("old", { timestamp: at(9) }));
      const { kept, counted } = await countersAndRecount(under.store);
      expect(kept).toEqual(counted);

      clock.seconds = 16;
      await replay.maintain({ signal: new AbortController().signal });
      expect(await under.store.collection(replayRecordsCollection).count()).toBe(1);
      expect(replay.counters.expired).toBe(1);
    });

    test("the oldest go beyond a number or a size, in the commit that brings the newest", async () => {
      await using under = await open();
      const { replay } = replayOn(under.store, { retention: { maximumCount: 5 } });
      for (let number = 0; number < 8; number += 1) {
        await replay.add(record(`r${number}`, { timestamp: at(number) }));
        expect(await under.store.collection(replayRecordsCollection).count()).toBeLessThanOrEqual(5);
      }
      await replay.add(record("ancient", { timestamp: at(-5) }));
      expect((await replay.list()).records.map(({ id }) => id)).toEqual(["r7", "r6", "r5", "r4", "ancient"]);

      const bytes = (await replay.get("r7"))?.bytes ?? 0;
      const { replay: smaller } = replayOn(under.store, { retention: { maximumBytes: 3 * bytes } });
      await smaller.maintain({ signal: new AbortController().signal });
      expect((await smaller.list()).records.map(({ id }) => id)).toEqual(["r7", "r6", "r5"]);
      expect(replay.counters.retired + smaller.counters.retired).toBe(6);
      const { kept, counted } = await countersAndRecount(under.store);
      expect(kept).toEqual(counted);
    });

    test("deleting works on a full disk, and the counters are right again as soon as there is room", async () => {
      await using under = await open();
      const { replay } = replayOn(under.store);
      for (let number = 0; number < 5; number += 1)
        await replay.add(record(`r${number}`, { session_id: `s${number % 2}` }));
      const { replay: full } = replayOn(onFullDisk(under.store), { retention: { timeToLiveMs: 100 * day } });
      await expect(full.add(record("more"))).rejects.toMatchObject({ code: "STORAGE_FULL" });
      expect(full.counters.dropped).toBe(1);
      expect(await full.delete("r0")).toBe(true);
      expect(await full.deleteSession("s1")).toBe(2);
      expect(await full.list()).toMatchObject({ total: 2 });
      expect(await full.aggregate()).toMatchObject({ recordCount: 2 });

      await replay.add(record("more"));
      const { kept, counted } = await countersAndRecount(under.store);
      expect(kept).toEqual(counted);
      expect(await replay.list()).toMatchObject({ total: 3 });
      expect(replay.counters.recounts).toBe(1);
    });
  });

  describe(`recovery of replay records on ${engine}`, () => {
    test("P3: what was under way in a dead process is aborted; what a remote recorder does goes on", async () => {
      await using under = await open();
      const { replay } = replayOn(under.store);
      await replay.add(record("under_way"));
      await replay.add(record("ended", { lifecycle_state: "completed" }));
      await replay.add(record("remote"), { recorder: { name: "router", run: "a" } });
      expect(await replay.reconcile()).toEqual([]);

      const { replay: next, clock } = replayOn(under.store, { run: "run_2" });
      clock.seconds = 3;
      await next.add(record("mine"));
      const reason = "recovered_after_restart";
      expect(await next.reconcile()).toEqual([
        { surface: "replay", action: "aborted", reason, count: 1, ids: ["under_way"] },
      ]);
      expect((await next.get("under_way"))?.record).toMatchObject({
        lifecycle_state: "aborted",
        terminal_reason: reason,
        ended_at: at(3),
        duration_ms: 3_000,
      });
      expect(
        (await next.list()).records.filter((stored) => stored.record.lifecycle_state === "in_progress"),
      ).toHaveLength(2);
      expect(await next.reconcile()).toEqual([]);
      expect(next.counters.aborted).toBe(1);
    });

    test("P3: a recovery that dies on the way is finished by the next", async () => {
      await using under = await open();
      const { replay } = replayOn(under.store);
      await Promise.all(Array.from({ length: 450 }, (_, number) => replay.add(record(`r${number}`))));
      const { replay: dying } = replayOn(diesAfter(under.store, 1), { run: "run_2" });
      await expect(dying.reconcile()).rejects.toThrow("died here");
      const { replay: next } = replayOn(under.store, { run: "run_3" });
      const [done] = await next.reconcile();
      expect(done?.count).toBeGreaterThan(0);
      expect(done?.ids).toHaveLength(100);
      expect(await next.aggregate()).toMatchObject({ lifecycle: { in_progress: 0, aborted: 450 } });
    });

    test("a remote recorder that falls silent, or says that it began anew, leaves nothing under way", async () => {
      await using under = await open();
      const { replay, clock } = replayOn(under.store, { abandonedAfterMs: 60 * second });
      for (const id of ["silent", "speaking"]) await replay.add(record(id), { recorder: { name: "router", run: "a" } });
      await replay.add(record("other"), { recorder: { name: "another", run: "a" } });
      clock.seconds = 50;
      await replay.patch("speaking", {});
      await replay.patch("other", {});
      clock.seconds = 60;
      await replay.maintain({ signal: new AbortController().signal });
      expect((await replay.get("silent"))?.record).toMatchObject({
        lifecycle_state: "aborted",
        terminal_reason: "recorder_lost",
      });
      expect((await replay.get("speaking"))?.record.lifecycle_state).toBe("in_progress");

      await replay.add(record("anew"), { recorder: { name: "router", run: "b" } });
      const [recovered] = await replay.recoverRecorder("router", "b");
      expect(recovered).toMatchObject({ reason: "recovered_after_restart", ids: ["speaking"] });
      const underWay = await under.store
        .collection(replayRecordsCollection)
        .list({ where: { lifecycle_state: "in_progress" } });
      expect(underWay.documents.map(({ id }) => id).sort()).toEqual(["anew", "other"]);
    });
  });
}
