import { describe, expect, test } from "vitest";
import {
  conversationDeletionsCollection,
  conversationItemsCollection,
  Conversations,
} from "../../src/surfaces/conversations/index.js";
import { Upkeep } from "../../src/surfaces/upkeep.js";
import { Responses, responsesCollection, responseThreadsCollection } from "../../src/surfaces/responses/index.js";
import { response } from "./samples.js";
import { diesAfter, type StoreFactory } from "./store-under-test.js";

const hour = 60 * 60 * 1000;
const day = 24 * hour;

/** How responses hang together and expire together, on any engine. */
export function historiesContract(engine: string, open: StoreFactory): void {
  describe(`histories on ${engine}`, () => {
    test("R1: a chain with a cycle ends, and so does one longer than the limit", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      await responses.record({ response: response("resp_a", { previous_response_id: "resp_c" }) });
      await responses.record({ response: response("resp_b", { previous_response_id: "resp_a" }) });
      await responses.record({ response: response("resp_c", { previous_response_id: "resp_b" }) });
      const cycle = await responses.chain("resp_c");
      expect(cycle.responses.map(({ id }) => id)).toEqual(["resp_a", "resp_b", "resp_c"]);
      expect(cycle).toMatchObject({ complete: false, broken: { id: "resp_c", reason: "cycle" } });

      const capped = await responses.chain("resp_c", { limit: 2 });
      expect(capped.responses.map(({ id }) => id)).toEqual(["resp_b", "resp_c"]);
      expect(capped.broken).toEqual({ id: "resp_a", reason: "limit" });
    });

    test("R1: a chain of 300 is whole, oldest first", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      for (let turn = 0; turn < 300; turn += 1) {
        const previous_response_id = turn === 0 ? null : `resp_${turn - 1}`;
        await responses.record({ response: response(`resp_${turn}`, { previous_response_id }) });
      }
      const chain = await responses.chain("resp_299");
      expect(chain.complete).toBe(true);
      expect(chain.responses.map(({ id }) => id)).toEqual(Array.from({ length: 300 }, (_, turn) => `resp_${turn}`));
    });

    test("R2: a gap is reported with its reason, and refused when strict", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      await responses.record({ response: response("resp_1", { previous_response_id: "resp_never" }) });
      await responses.record({ response: response("resp_2", { previous_response_id: "resp_1" }) });
      await responses.record({ response: response("resp_3", { previous_response_id: "resp_2" }) });
      expect((await responses.chain("resp_3")).broken).toEqual({ id: "resp_never", reason: "missing" });

      await responses.delete("resp_2");
      const gap = await responses.chain("resp_3");
      expect(gap.responses.map(({ id }) => id)).toEqual(["resp_3"]);
      expect(gap).toMatchObject({ complete: false, broken: { id: "resp_2", reason: "deleted" } });
      await expect(responses.chain("resp_3", { strict: true })).rejects.toMatchObject({
        code: "NOT_FOUND",
        details: { previousResponseId: "resp_2", reason: "deleted" },
      });

      const nothing = await responses.chain("resp_unknown");
      expect(nothing).toEqual({ responses: [], complete: false, broken: { id: "resp_unknown", reason: "missing" } });
      await expect(responses.chain("resp_unknown", { strict: true })).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    test("R3: a history expires as one, a parent never before its children", async () => {
      await using under = await open();
      let now = Date.now();
      const responses = new Responses(under.store, { timeToLiveMs: 30 * day, now: () => now });
      await responses.record({ response: response("resp_root") });
      now += 20 * day;
      await responses.record({ response: response("resp_child", { previous_response_id: "resp_root" }) });
      now += 20 * day;
      // Forty days old, but part of a history that is twenty days old. A branch renews it for all.
      await responses.record({ response: response("resp_branch", { previous_response_id: "resp_root" }) });
      now += 30 * day - 1;
      expect((await responses.chain("resp_child", { strict: true })).complete).toBe(true);
      // Never early, and late by an hour at most.
      now += hour + 1;
      for (const id of ["resp_root", "resp_child", "resp_branch"]) expect(await responses.get(id)).toBeUndefined();
      expect((await responses.chain("resp_child")).broken).toEqual({ id: "resp_child", reason: "expired" });
      expect((await responses.list()).responses).toEqual([]);
    });

    test("R3: what was recorded out of order, or joins two histories, expires as one too", async () => {
      await using under = await open();
      let now = Date.now();
      const clock = { timeToLiveMs: 30 * day, now: () => now };
      const responses = new Responses(under.store, clock);
      await new Conversations(under.store).create({ id: "conv_1" });
      await responses.record({ response: response("resp_child", { previous_response_id: "resp_parent" }) });
      await responses.record({ response: response("resp_root") });
      now += 10 * day;
      await responses.record({ response: response("resp_parent", { previous_response_id: "resp_root" }) });
      now += 10 * day;
      await responses.record({
        response: response("resp_turn", { previous_response_id: "resp_child" }),
        conversation: "conv_1",
      });
      now += 25 * day;
      await responses.record({ response: response("resp_next"), conversation: "conv_1" });
      now += 25 * day;
      expect((await responses.chain("resp_turn", { strict: true })).responses).toHaveLength(4);
      now += 5 * day + hour;
      expect(await responses.get("resp_root")).toBeUndefined();
      expect(await responses.get("resp_next")).toBeUndefined();
      expect(await responses.removeExpired()).toBe(5);
      expect(await under.store.collection(responseThreadsCollection).count()).toBe(0);
      expect(await under.store.collection(responsesCollection).count()).toBe(0);
    });

    test("R3: what has expired stays expired when its history goes on", async () => {
      await using under = await open();
      let now = Date.now();
      const responses = new Responses(under.store, { timeToLiveMs: day, now: () => now });
      await responses.record({ response: response("resp_old") });
      now += 2 * day;
      await responses.record({ response: response("resp_new", { previous_response_id: "resp_old" }) });
      expect(await responses.get("resp_old")).toBeUndefined();
      expect((await responses.chain("resp_new")).broken).toEqual({ id: "resp_old", reason: "expired" });
      expect(await responses.removeExpired()).toBe(1);
      expect((await responses.chain("resp_new")).broken).toEqual({ id: "resp_old", reason: "expired" });
      expect(await responses.get("resp_new")).toBeDefined();
      // The id is free again, and a response recorded under it is no longer a removed one.
      await responses.record({ response: response("resp_old") });
      expect((await responses.chain("resp_new")).complete).toBe(true);
    });

    test("R3: a removal that was interrupted goes on where it was", async () => {
      await using under = await open();
      let now = Date.now();
      const clock = { timeToLiveMs: day, now: () => now };
      const responses = new Responses(under.store, clock);
      await responses.record({ response: response("resp_root") });
      await Promise.all(
        Array.from({ length: 240 }, (_, branch) =>
          responses.record({ response: response(`resp_${branch}`, { previous_response_id: "resp_root" }) }),
        ),
      );
      now += 2 * day;
      await responses.record({ response: response("resp_living") });
      await expect(new Responses(diesAfter(under.store, 2), clock).removeExpired()).rejects.toThrow("died");
      const left = await under.store.collection(responsesCollection).count();
      expect(left).toBeGreaterThan(1);
      expect(left).toBeLessThan(242);
      const reopened = await under.reopen();
      expect(await new Responses(reopened, clock).removeExpired()).toBe(left - 1);
      expect(await reopened.collection(responsesCollection).count()).toBe(1);
      expect(await reopened.collection(responseThreadsCollection).count()).toBe(1);
    });

    test("R3: every write renews a history in time, however often it is written", async () => {
      await using under = await open();
      let now = Date.now();
      const responses = new Responses(under.store, { timeToLiveMs: day, now: () => now });
      await responses.record({ response: response("resp_1") });
      for (let minute = 0; minute < 60; minute += 7) {
        now += 7 * 60 * 1000;
        await responses.patch("resp_1", { response: { metadata: { minute: String(minute) } } });
        const lastWrite = now;
        now = lastWrite + day - 1;
        expect(await responses.get("resp_1")).toBeDefined();
        now = lastWrite;
      }
    });

    test("R3: a lost thread document takes no response with it", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      const { body } = await responses.record({ response: response("resp_1") });
      await under.store.collection(responseThreadsCollection).delete(body.thread);
      expect(await responses.get("resp_1")).toBeDefined();
      const child = await responses.record({ response: response("resp_2", { previous_response_id: "resp_1" }) });
      expect(child.body.thread).toBe(body.thread);
    });

    test("R3: the upkeep removes what has expired and finishes what was begun, and stops when told", async () => {
      await using under = await open();
      let now = Date.now();
      const clock = { timeToLiveMs: day, now: () => now };
      const responses = new Responses(under.store, clock);
      await responses.record({ response: response("resp_old") });
      await new Conversations(under.store).create({ id: "conv_1", items: "hello" });
      await expect(new Conversations(diesAfter(under.store, 1)).delete("conv_1")).rejects.toThrow("died");
      now += 2 * day;
      const failures: unknown[] = [];
      const surfaces = [new Conversations(under.store), responses];
      const upkeep = new Upkeep(surfaces, { intervalMs: 10, onFailure: (error) => failures.push(error) });
      const left = (): Promise<number[]> =>
        Promise.all([
          under.store.collection(responsesCollection).count(),
          under.store.collection(conversationDeletionsCollection).count(),
          under.store.collection(conversationItemsCollection).count(),
        ]);
      await expect.poll(left).toEqual([0, 0, 0]);
      // A later round finds what expires later.
      await responses.record({ response: response("resp_later") });
      now += 2 * day;
      await expect.poll(left).toEqual([0, 0, 0]);
      await upkeep.stop();
      await responses.record({ response: response("resp_last") });
      now += 2 * day;
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await left()).toEqual([1, 0, 0]);
      expect(failures).toEqual([]);
    });
  });
}
