import { describe, expect, test } from "vitest";
import { isHoldfastError } from "../../src/errors.js";
import { Conversations } from "../../src/surfaces/conversations/index.js";
import {
  itemsOfChain,
  newestInstructions,
  Responses,
  responseRemovalsCollection,
  responsesCollection,
  responseThreadsCollection,
} from "../../src/surfaces/responses/index.js";
import { message, response, walk } from "./samples.js";
import { diesAfter, type StoreFactory } from "./store-under-test.js";

const hour = 60 * 60 * 1000;
const day = 24 * hour;

/** What responses promise on any engine. The ids R1 to R18 are those of the defects that must not come back. */
export function responsesContract(engine: string, open: StoreFactory): void {
  describe(`responses on ${engine}`, () => {
    test("R4: lists walk with working cursors in both directions, objects of one second in order", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      const ids = ["resp_1", "resp_2", "resp_3", "resp_4", "resp_5"];
      for (const id of ids) await responses.record({ response: response(id) });
      for (const order of ["asc", "desc"] as const) {
        const expected = order === "asc" ? ids : [...ids].reverse();
        const walked = await walk(async (after) => {
          const page = await responses.list({ order, limit: 1, ...(after === undefined ? {} : { after }) });
          return { ids: page.responses.map(({ id }) => id), hasMore: page.hasMore };
        });
        expect(walked).toEqual(expected);
        const back = await responses.list({ order, limit: 2, before: expected.at(-1) ?? "" });
        expect(back.responses.map(({ id }) => id)).toEqual(expected.slice(2, 4));
        expect(back.hasMore).toBe(true);
      }
      await expect(responses.list({ after: "resp_unknown" })).rejects.toMatchObject({ code: "INVALID_CURSOR" });
      await expect(responses.list({ limit: 0 })).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    });

    test("R4: pages are full although expired and foreign responses stand between", async () => {
      await using under = await open();
      let now = Date.now();
      const responses = new Responses(under.store, { timeToLiveMs: day, now: () => now });
      for (const id of ["resp_1", "resp_2"]) await responses.record({ response: response(id), owner: "mine" });
      now += 2 * day;
      for (let turn = 3; turn < 13; turn += 1) {
        await responses.record({ response: response(`resp_${turn}`), owner: turn % 5 === 3 ? "mine" : "other" });
      }
      const first = await responses.list({ owner: "mine", order: "asc", limit: 1 });
      expect(first.responses.map(({ id }) => id)).toEqual(["resp_3"]);
      expect(first.hasMore).toBe(true);
      const last = await responses.list({ owner: "mine", order: "asc", limit: 1, after: "resp_3" });
      expect(last.responses.map(({ id }) => id)).toEqual(["resp_8"]);
      expect(last.hasMore).toBe(false);
    });

    test("R6: the responses of a conversation are found by index, and only those", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      const conversations = new Conversations(under.store);
      await conversations.create({ id: "conv_1" });
      await conversations.create({ id: "conv_2" });
      for (let turn = 0; turn < 6; turn += 1) {
        await responses.record({ response: response(`resp_${turn}`), conversation: `conv_${(turn % 2) + 1}` });
      }
      await responses.record({ response: response("resp_alone") });
      const { responses: found } = await responses.list({ conversation: "conv_2", order: "asc" });
      expect(found.map(({ id }) => id)).toEqual(["resp_1", "resp_3", "resp_5"]);
      await expect(responses.list({ conversation: "conv_3" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    test("R7: of many that record one id at once, one wins", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, (_, writer) =>
          responses.record({ response: response("resp_1", { model: `m${writer}` }) }),
        ),
      );
      const lost = outcomes.filter((outcome) => outcome.status === "rejected");
      expect(lost).toHaveLength(7);
      for (const { reason } of lost) expect(isHoldfastError(reason, "ALREADY_EXISTS")).toBe(true);
      expect((await responses.get("resp_1"))?.revision).toBe(1);
    });

    test("R8: a response that could not be persisted is an error, and is not there", async () => {
      await using under = await open();
      const responses = new Responses(diesAfter(under.store, 0));
      await expect(responses.record({ response: response("resp_1") })).rejects.toThrow("died");
      expect(await responses.get("resp_1")).toBeUndefined();
    });

    test("R9: in two phases, only the outcome that passed the guard becomes history", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      const conversations = new Conversations(under.store);
      await conversations.create({ id: "conv_1" });
      const begun = { status: "in_progress", output: [] };
      for (const id of ["resp_blocked", "resp_fine"]) {
        await responses.record({ response: response(id, begun), input: `question of ${id}`, conversation: "conv_1" });
      }
      expect((await conversations.items("conv_1")).items).toEqual([]);

      await responses.patch("resp_blocked", {
        response: { status: "failed", error: { code: "blocked", message: "no" } },
      });
      const output = [message("msg_fine", "assistant", "fine")];
      await responses.patch("resp_fine", { response: { status: "completed", output } });
      await responses.patch("resp_fine", { response: { metadata: { seen: "again" } } });

      const { items } = await conversations.items("conv_1", { order: "asc" });
      expect(items.map((item) => item["role"])).toEqual(["user", "assistant"]);
      expect(items[1]).toEqual(output[0]);
      expect((await responses.get("resp_fine"))?.body.response).toMatchObject({
        status: "completed",
        metadata: { seen: "again" },
      });
    });

    test("R10: items keep every member, also those of types nobody knows yet", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      const input = [
        { type: "function_call_output", id: "fco_1", call_id: "call_1", output: '{"found":3}', invented: true },
        { type: "hologram", id: "holo_1", data: { deep: [{ er: "" }] }, "": "odd name" },
        { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "b3BhcXVl==" },
      ];
      const stored = await responses.record({ response: response("resp_1"), input });
      expect(stored.body.input).toEqual(input);
      const reopened = new Responses(await under.reopen());
      expect((await reopened.get("resp_1"))?.body.input).toEqual(input);
      const shown = await reopened.inputItems("resp_1", { order: "asc" });
      expect(shown.items.slice(0, 2)).toEqual(input.slice(0, 2));
      expect(shown.items[2]).toEqual({ type: "reasoning", id: "rs_1", summary: [] });
      const asked = await reopened.inputItems("resp_1", { order: "asc", include: ["reasoning.encrypted_content"] });
      expect(asked.items).toEqual(input);
    });

    test("R10: item references become what they refer to, or are refused", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      await responses.record({ response: response("resp_1"), input: [message("msg_question", "user", "?")] });
      const references = [
        { type: "item_reference", id: "resp_1_answer" },
        { type: "item_reference", id: "msg_question" },
        message("msg_next", "user", "and?"),
      ];
      const resolved = await responses.resolveItems(references, { previousResponseId: "resp_1" });
      expect(resolved.map(({ id, type }) => [id, type])).toEqual([
        ["resp_1_answer", "message"],
        ["msg_question", "message"],
        ["msg_next", "message"],
      ]);
      const next = response("resp_2", { previous_response_id: "resp_1" });
      expect((await responses.record({ response: next, input: references })).body.input).toEqual(resolved);
      const lost = { response: response("resp_3"), input: [{ type: "item_reference", id: "msg_nowhere" }] };
      await expect(responses.record(lost)).rejects.toMatchObject({
        code: "INVALID_DOCUMENT",
        problems: [{ path: "/input/0/id" }],
      });
      expect(await responses.get("resp_3")).toBeUndefined();
    });

    test("R11: the whole response object is stored, but for output_text", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      const whole = response("resp_1", {
        error: { code: "server_error", message: "late" },
        reasoning: { effort: "low" },
      });
      await responses.record({ response: { ...whole, output_text: "derived" } });
      expect((await new Responses(await under.reopen()).get("resp_1"))?.body.response).toEqual(whole);
    });

    test("R12: every input item has an id that stays, and an empty input is an empty page", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      const input = [
        { role: "user", content: "hello" },
        { role: "assistant", content: "hi" },
        { type: "function_call", name: "f" },
      ];
      const { body } = await responses.record({ response: response("resp_1"), input });
      expect(body.input[0]).toEqual({
        id: expect.stringMatching(/^msg_[0-9a-f]{24}$/) as string,
        type: "message",
        status: "completed",
        role: "user",
        content: [{ type: "input_text", text: "hello" }],
      });
      expect(body.input[1]).toMatchObject({ content: [{ type: "output_text", text: "hi", annotations: [] }] });
      expect(body.input[2]?.id).toMatch(/^fc_[0-9a-f]{24}$/);
      expect(new Set(body.input.map(({ id }) => id)).size).toBe(3);
      // Recorded again from the same request, as after a crash: the ids are the same.
      const again = await responses.replace("resp_1", { response: response("resp_1"), input });
      expect(again.stored.body.input).toEqual(body.input);

      for (const order of ["asc", "desc"] as const) {
        const ids = body.input.map(({ id }) => id);
        const walked = await walk(async (after) => {
          const page = await responses.inputItems("resp_1", {
            order,
            limit: 1,
            ...(after === undefined ? {} : { after }),
          });
          return { ids: page.items.map(({ id }) => id), hasMore: page.hasMore };
        });
        expect(walked).toEqual(order === "asc" ? ids : ids.reverse());
      }
      await expect(responses.inputItems("resp_1", { after: "msg_unknown" })).rejects.toMatchObject({
        code: "INVALID_CURSOR",
      });
      await responses.record({ response: response("resp_2") });
      expect(await responses.inputItems("resp_2")).toEqual({ items: [], hasMore: false });
      expect((await responses.record({ response: response("resp_3"), input: "just text" })).body.input).toHaveLength(1);
    });

    test("R13: the newest instructions count, and an empty one is none", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      const said = ["oldest", "newest", "", null];
      for (const [turn, instructions] of said.entries()) {
        const previous_response_id = turn === 0 ? null : `resp_${turn - 1}`;
        await responses.record({
          response: response(`resp_${turn}`, { instructions, previous_response_id }),
          input: `q${turn}`,
        });
      }
      const chain = await responses.chain("resp_3");
      expect(newestInstructions(chain.responses)).toBe("newest");
      expect(newestInstructions([])).toBeUndefined();
      const roles = itemsOfChain(chain.responses).map((item) => item["role"]);
      expect(roles).toEqual(said.flatMap(() => ["user", "assistant"]));
    });

    test("R14: bad ids, unknown ids and unknown conversations have one answer each", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      for (const id of ["", "a/b", "..", "nul\0", "x".repeat(300)]) {
        await expect(responses.get(id)).rejects.toMatchObject({ code: "INVALID_ID" });
        await expect(responses.delete(id)).rejects.toMatchObject({ code: "INVALID_ID" });
        await expect(responses.record({ response: response(id) })).rejects.toMatchObject({
          code: "INVALID_DOCUMENT",
          problems: [{ path: "/response/id" }],
        });
      }
      expect(await responses.get("resp_unknown")).toBeUndefined();
      expect(await responses.delete("resp_unknown")).toBe(false);
      await expect(responses.patch("resp_unknown", {})).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(responses.inputItems("resp_unknown")).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(
        responses.record({ response: response("resp_1"), conversation: "conv_unknown" }),
      ).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
      expect(await responses.get("resp_1")).toBeUndefined();
      await responses.record({ response: response("Resp_Twin") });
      await responses.record({ response: response("resp_twin") });
      expect((await responses.get("Resp_Twin"))?.id).toBe("Resp_Twin");
    });

    test("R14: every problem with a response is listed at once, and nothing is stored", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      const metadata = { ["k".repeat(65)]: "v", long: "v".repeat(513) };
      const bad = {
        response: response("resp_1", { object: "answer", output: null, metadata }),
        input: [5, { role: "user" }],
      };
      const error: unknown = await responses.record(bad).catch((reason: unknown) => reason);
      if (!isHoldfastError(error, "INVALID_DOCUMENT")) throw error;
      const paths = error.problems.map(({ path }) => path);
      expect(paths).toEqual(
        expect.arrayContaining(["/response/object", "/response/output", "/input/0", "/input/1/content"]) as string[],
      );
      expect(paths.filter((path) => path.startsWith("/response/metadata"))).toHaveLength(2);
      const many = Object.fromEntries(Array.from({ length: 17 }, (_, pair) => [`k${pair}`, "v"]));
      await expect(responses.record({ response: response("resp_1", { metadata: many }) })).rejects.toThrow(
        "at most 16 pairs",
      );
      expect(await responses.get("resp_1")).toBeUndefined();
      expect(await under.store.collection(responseThreadsCollection).count()).toBe(0);
    });

    test("R15: after the store is closed and opened again, everything is there and nothing lingers", async () => {
      await using under = await open();
      const before = new Responses(under.store);
      await before.record({ response: response("resp_1"), input: "hello" });
      const stored = await before.get("resp_1");
      const after = new Responses(await under.reopen());
      expect(await after.get("resp_1")).toEqual(stored);
      await expect(before.get("resp_1")).rejects.toMatchObject({ code: "CLOSED" });
    });

    test("R16: a caller that names itself sees and changes only what is its own", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      await responses.record({ response: response("resp_1"), owner: "alice" });
      await responses.record({ response: response("resp_2", { previous_response_id: "resp_1" }), owner: "bob" });
      const bob = { owner: "bob" };
      expect(await responses.get("resp_1", bob)).toBeUndefined();
      expect(await responses.delete("resp_1", bob)).toBe(false);
      await expect(responses.patch("resp_1", { response: { model: "x" } }, bob)).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
      await expect(responses.replace("resp_1", { response: response("resp_1") }, bob)).rejects.toMatchObject({
        code: "ALREADY_EXISTS",
      });
      expect((await responses.chain("resp_2", bob)).broken).toEqual({ id: "resp_1", reason: "missing" });
      expect((await responses.list(bob)).responses.map(({ id }) => id)).toEqual(["resp_2"]);
      expect((await responses.get("resp_1"))?.revision).toBe(1);

      const asked: string[] = [];
      const checked = new Responses(under.store, {
        access: ({ action, caller, owner }) => {
          asked.push(`${action} by ${String(caller)} of ${String(owner)}`);
          return action === "read";
        },
      });
      expect(await checked.get("resp_1", bob)).toBeDefined();
      expect(await checked.delete("resp_1", bob)).toBe(false);
      expect(asked).toEqual(["read by bob of alice", "delete by bob of alice"]);
    });

    test("R17: what is returned is the caller's own, and what is deleted leaves no id behind", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      const conversations = new Conversations(under.store);
      await conversations.create({ id: "conv_1" });
      const given = response("resp_1");
      await responses.record({ response: given, conversation: "conv_1" });
      given["model"] = "changed afterwards";
      const first = await responses.get("resp_1");
      if (first !== undefined) first.body.response["model"] = "changed by a reader";
      expect((await responses.get("resp_1"))?.body.response["model"]).toBe("model-a");
      await responses.delete("resp_1");
      expect((await responses.list({ conversation: "conv_1" })).responses).toEqual([]);
      expect(await under.store.collection(responsesCollection).count()).toBe(0);
      // What is remembered of it is why it went, and that goes too.
      expect((await under.store.collection(responseRemovalsCollection).get("resp_1"))?.expiresAt).toBeDefined();
    });

    test("a response is created or replaced, and changed at a revision only", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      const first = await responses.replace("resp_1", { response: response("resp_1") }, { ifRevision: 0 });
      expect(first).toMatchObject({ created: true, stored: { revision: 1 } });
      await expect(
        responses.replace("resp_1", { response: response("resp_1") }, { ifRevision: 0 }),
      ).rejects.toMatchObject({
        code: "REVISION_CONFLICT",
      });
      const second = await responses.replace(
        "resp_1",
        { response: response("resp_1", { model: "b" }) },
        { ifRevision: 1 },
      );
      expect(second).toMatchObject({ created: false, stored: { revision: 2 } });
      await expect(responses.patch("resp_1", { response: { model: "c" } }, { ifRevision: 1 })).rejects.toMatchObject({
        code: "REVISION_CONFLICT",
      });
      const merged = await responses.patch("resp_1", {
        response: { temperature: null, text: { format: { type: "text" } } },
      });
      expect(merged.body.response).toMatchObject({ model: "b", text: { format: { type: "text" } } });
      expect("temperature" in merged.body.response).toBe(false);
      await expect(responses.patch("resp_1", { response: { id: "resp_2" } })).rejects.toMatchObject({
        code: "INVALID_DOCUMENT",
      });
      await expect(responses.delete("resp_1", { ifRevision: 1 })).rejects.toMatchObject({ code: "REVISION_CONFLICT" });
      expect(await responses.delete("resp_1", { ifRevision: 3 })).toBe(true);
    });

    test("a background response is cancelled once, and others not at all", async () => {
      await using under = await open();
      const responses = new Responses(under.store);
      await responses.record({ response: response("resp_1", { background: true, status: "in_progress" }) });
      expect((await responses.cancel("resp_1")).body.response.status).toBe("cancelled");
      expect((await responses.cancel("resp_1")).revision).toBe(2);
      await responses.record({ response: response("resp_2") });
      await expect(responses.cancel("resp_2")).rejects.toMatchObject({ code: "INVALID_DOCUMENT" });
    });
  });
}
