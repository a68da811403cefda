import { describe, expect, test } from "vitest";
import { isHoldfastError } from "../../src/errors.js";
import {
  conversationDeletionsCollection,
  conversationItemsCollection,
  Conversations,
} from "../../src/surfaces/conversations/index.js";
import { Responses, responsesCollection } from "../../src/surfaces/responses/index.js";
import { message, response, walk } from "./samples.js";
import { diesAfter, onFullDisk, type StoreFactory } from "./store-under-test.js";

/** What conversations promise on any engine. */
export function conversationsContract(engine: string, open: StoreFactory): void {
  describe(`conversations on ${engine}`, () => {
    test("a conversation is created with items, read, changed and deleted", async () => {
      await using under = await open();
      const conversations = new Conversations(under.store);
      const created = await conversations.create({
        metadata: { topic: "demo" },
        items: [{ role: "user", content: "hello" }],
      });
      expect(created.id).toMatch(/^conv_[0-9a-f]{24}$/);
      expect(created.body.conversation).toEqual({
        id: created.id,
        object: "conversation",
        created_at: expect.any(Number) as number,
        metadata: { topic: "demo" },
      });
      await conversations.setMetadata(created.id, { topic: "other" });
      expect((await conversations.get(created.id))?.body.conversation.metadata).toEqual({ topic: "other" });
      await conversations.setMetadata(created.id, null);
      const reopened = new Conversations(await under.reopen());
      expect((await reopened.get(created.id))?.body.conversation.metadata).toEqual({});
      expect((await reopened.items(created.id)).items).toHaveLength(1);
      expect(await reopened.delete(created.id)).toBe(true);
      expect(await reopened.delete(created.id)).toBe(false);
      expect(await reopened.get(created.id)).toBeUndefined();
      await expect(reopened.items(created.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(reopened.item(created.id, "msg_1")).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(reopened.addItems(created.id, "more")).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    test("R4: items walk in the order they were written, both ways, one at a time", async () => {
      await using under = await open();
      const conversations = new Conversations(under.store);
      await conversations.create({ id: "conv_1", items: ["a", "b", "c"].map((id) => message(id, "user", id)) });
      await conversations.create({ id: "conv_2", items: [message("a", "user", "another a")] });
      await conversations.addItems(
        "conv_1",
        ["d", "e"].map((id) => message(id, "user", id)),
      );
      for (const order of ["asc", "desc"] as const) {
        const walked = await walk(async (after) => {
          const page = await conversations.items("conv_1", {
            order,
            limit: 1,
            ...(after === undefined ? {} : { after }),
          });
          return { ids: page.items.map(({ id }) => id), hasMore: page.hasMore };
        });
        expect(walked).toEqual(order === "asc" ? ["a", "b", "c", "d", "e"] : ["e", "d", "c", "b", "a"]);
      }
      await expect(conversations.items("conv_2", { after: "b" })).rejects.toMatchObject({ code: "INVALID_CURSOR" });
      expect((await conversations.items("conv_2")).items).toEqual([message("a", "user", "another a")]);
    });

    test("R4: an item deleted in the middle of a walk is the only one missing from it", async () => {
      await using under = await open();
      const conversations = new Conversations(under.store);
      await conversations.create({ id: "conv_1", items: ["a", "b", "c", "d"].map((id) => message(id, "user", id)) });
      const first = await conversations.items("conv_1", { order: "asc", limit: 2 });
      expect(first.items.map(({ id }) => id)).toEqual(["a", "b"]);
      expect(await conversations.deleteItem("conv_1", "c")).toBe(true);
      expect(await conversations.deleteItem("conv_1", "c")).toBe(false);
      const rest = await conversations.items("conv_1", { order: "asc", limit: 2, after: "b" });
      expect(rest.items.map(({ id }) => id)).toEqual(["d"]);
      expect(rest.hasMore).toBe(false);
    });

    test("R4: conversations are listed in pages, forwards and backwards", async () => {
      await using under = await open();
      const conversations = new Conversations(under.store);
      const ids = ["conv_1", "conv_2", "conv_3", "conv_4"];
      for (const id of ids) await conversations.create({ id, owner: id === "conv_2" ? "other" : "mine" });
      const page = async (options: object): Promise<unknown> => {
        const { conversations: found, hasMore } = await conversations.list({ owner: "mine", order: "asc", ...options });
        return [found.map(({ id }) => id), hasMore];
      };
      expect(await page({ limit: 2 })).toEqual([["conv_1", "conv_3"], true]);
      expect(await page({ limit: 2, after: "conv_3" })).toEqual([["conv_4"], false]);
      expect(await page({ limit: 1, before: "conv_4" })).toEqual([["conv_3"], true]);
      expect(await page({ limit: 1, before: "conv_3" })).toEqual([["conv_1"], false]);
      expect(await page({ order: "desc", limit: 1, before: "conv_1" })).toEqual([["conv_3"], true]);
    });

    test("R5: a conversation goes with any number of responses and items, also when the process dies in between", async () => {
      await using under = await open();
      const conversations = new Conversations(under.store);
      const responses = new Responses(under.store);
      await conversations.create({ id: "conv_1" });
      await conversations.create({ id: "conv_2", items: "stays" });
      for (let turn = 0; turn < 130; turn += 1) {
        await responses.record({ response: response(`resp_${turn}`), input: `q${turn}`, conversation: "conv_1" });
      }
      await responses.record({ response: response("resp_stays"), conversation: "conv_2" });
      const dying = new Conversations(diesAfter(under.store, 3));
      await expect(dying.delete("conv_1", { alsoResponses: true })).rejects.toThrow("died");
      const items = under.store.collection(conversationItemsCollection);
      expect(await items.count({ where: { conversation: "conv_1" } })).toBe(60);

      const store = await under.reopen();
      const reopened = new Conversations(store);
      expect(await reopened.get("conv_1")).toBeUndefined();
      expect(await reopened.finishDeletions()).toBe(1);
      expect(await reopened.finishDeletions()).toBe(0);
      expect(await store.collection(conversationItemsCollection).count()).toBe(2);
      expect(await store.collection(responsesCollection).count()).toBe(1);
      expect(await store.collection(conversationDeletionsCollection).count()).toBe(0);
      expect((await new Responses(store).chain("resp_129")).broken).toEqual({ id: "resp_129", reason: "deleted" });
    });

    test("R17: responses that outlive their conversation leave it, and a later one of the same id is empty", async () => {
      await using under = await open();
      const conversations = new Conversations(under.store);
      const responses = new Responses(under.store);
      await conversations.create({ id: "conv_1" });
      await responses.record({ response: response("resp_1"), input: "hello", conversation: "conv_1" });
      await responses.record({ response: response("resp_2", { status: "in_progress" }), conversation: "conv_1" });
      await conversations.delete("conv_1");
      expect((await responses.get("resp_1"))?.body.conversation).toBeUndefined();
      // A turn that was under way ends all the same; it has nowhere to append to.
      await responses.patch("resp_2", { response: { status: "completed" } });
      await conversations.create({ id: "conv_1" });
      expect((await responses.list({ conversation: "conv_1" })).responses).toEqual([]);
      expect((await conversations.items("conv_1")).items).toEqual([]);
      // Nor do the two share an expiry.
      const later = await responses.record({ response: response("resp_3"), conversation: "conv_1" });
      expect(later.body.thread).not.toBe((await responses.get("resp_1"))?.body.thread);
    });

    test("R17: a turn's items enter the conversation once, and none is lost to a name used twice", async () => {
      await using under = await open();
      const conversations = new Conversations(under.store);
      const responses = new Responses(under.store);
      await conversations.create({ id: "conv_1" });
      const question = message("msg_q", "user", "question");
      const answer = (text: string): Record<string, unknown> => ({ output: [message("msg_0", "assistant", text)] });
      await responses.record({
        response: response("resp_1", answer("same")),
        input: [question],
        conversation: "conv_1",
      });
      // The client sends the question back, and this model names all its answers alike.
      await responses.record({
        response: response("resp_2", answer("same")),
        input: [question],
        conversation: "conv_1",
      });
      await responses.replace("resp_2", { response: response("resp_2", answer("same")), input: [question] });
      const { items } = await conversations.items("conv_1", { order: "asc" });
      expect(items.map((item) => item["role"])).toEqual(["user", "assistant", "assistant"]);
      expect(new Set(items.map(({ id }) => id)).size).toBe(3);
      expect((await responses.get("resp_2"))?.body.response.output).toEqual(answer("same")["output"]);
    });

    test("of two turns started from one revision, one wins and the other leaves nothing", async () => {
      await using under = await open();
      const conversations = new Conversations(under.store);
      const responses = new Responses(under.store);
      const { revision } = await conversations.create({ id: "conv_1", items: "begin" });
      const turns = await Promise.allSettled(
        ["resp_1", "resp_2"].map((id) =>
          responses.record(
            { response: response(id), input: `question of ${id}`, conversation: "conv_1" },
            { ifConversationRevision: revision },
          ),
        ),
      );
      const lost = turns.filter((turn) => turn.status === "rejected");
      expect(lost).toHaveLength(1);
      expect(lost[0]?.reason).toMatchObject({ code: "REVISION_CONFLICT", details: { conversation: "conv_1" } });
      expect((await conversations.items("conv_1")).items).toHaveLength(3);
      expect((await responses.list()).responses).toHaveLength(1);

      const next = (await conversations.get("conv_1"))?.revision;
      const appended = await Promise.allSettled(
        ["x", "y"].map((text) => conversations.appendTurn("conv_1", text, { ifRevision: next })),
      );
      expect(appended.filter(({ status }) => status === "rejected")).toHaveLength(1);
      expect((await conversations.items("conv_1")).items).toHaveLength(4);
    });

    test("in two phases, the second of two turns is refused before it asks its model", async () => {
      await using under = await open();
      const conversations = new Conversations(under.store);
      const responses = new Responses(under.store);
      const { revision } = await conversations.create({ id: "conv_1" });
      const begin = async (id: string): Promise<unknown> =>
        responses.record(
          { response: response(id, { status: "in_progress", output: [] }), conversation: "conv_1" },
          { ifConversationRevision: revision },
        );
      await begin("resp_1");
      await expect(begin("resp_2")).rejects.toMatchObject({ code: "REVISION_CONFLICT" });
    });

    test("R7: turns without a lock all get in, each whole", async () => {
      await using under = await open();
      const conversations = new Conversations(under.store);
      const responses = new Responses(under.store);
      await conversations.create({ id: "conv_1" });
      await Promise.all(
        Array.from({ length: 6 }, (_, turn) =>
          responses.record({ response: response(`resp_${turn}`), input: `q${turn}`, conversation: "conv_1" }),
        ),
      );
      const { items } = await conversations.items("conv_1", { order: "asc", limit: 100 });
      expect(items).toHaveLength(12);
      expect(items.map((item) => item["role"])).toEqual(Array.from({ length: 6 }, () => ["user", "assistant"]).flat());
    });

    test("R14: limits and names are checked, every problem at once, and nothing is changed", async () => {
      await using under = await open();
      const conversations = new Conversations(under.store);
      await expect(
        conversations.create({ items: Array.from({ length: 21 }, () => message("m", "user", "x")) }),
      ).rejects.toThrow("at most 20");
      const error: unknown = await conversations
        .create({ items: [message("m", "user", "x"), message("m", "user", "y"), { type: 3 }, { role: "user" }] })
        .catch((reason: unknown) => reason);
      if (!isHoldfastError(error, "INVALID_DOCUMENT")) throw error;
      expect(error.problems.map(({ path }) => path)).toEqual(["/items/1/id", "/items/2/type", "/items/3/content"]);
      await expect(conversations.create({ metadata: { key: 5 } })).rejects.toMatchObject({
        problems: [{ path: "/metadata/key" }],
      });
      await expect(conversations.create({ id: "a/b" })).rejects.toMatchObject({ code: "INVALID_DOCUMENT" });
      expect((await conversations.list()).conversations).toEqual([]);
      await conversations.create({ id: "conv_1", items: [message("m", "user", "x")] });
      await expect(conversations.create({ id: "conv_1" })).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
      await expect(
        conversations.addItems("conv_1", [message("n", "user", "n"), message("m", "user", "y")]),
      ).rejects.toMatchObject({
        code: "ALREADY_EXISTS",
      });
      expect((await conversations.items("conv_1")).items).toHaveLength(1);
    });

    test("items of any name are kept apart, whatever characters it has", async () => {
      await using under = await open();
      const conversations = new Conversations(under.store);
      const names = ["a/b", "a:b", "a%2Fb", "..", "ü", "MSG", "msg", "x".repeat(256)];
      await conversations.create({ id: "conv:1", items: names.map((id) => message(id, "user", id)) });
      for (const id of names) expect(await conversations.item("conv:1", id)).toEqual(message(id, "user", id));
    });

    test("on a full disk, deletes still work", async () => {
      await using under = await open();
      const conversations = new Conversations(under.store);
      const responses = new Responses(under.store);
      for (const id of ["conv_1", "conv_2"]) await conversations.create({ id, items: [message("a", "user", "a")] });
      for (const [id, conversation] of [
        ["resp_1", "conv_1"],
        ["resp_2", "conv_2"],
        ["resp_3", "conv_1"],
      ] as const) {
        await responses.record({ response: response(id), conversation });
      }
      const full = onFullDisk(under.store);
      await expect(new Responses(full).record({ response: response("resp_4") })).rejects.toMatchObject({
        code: "STORAGE_FULL",
      });
      expect(await new Responses(full).delete("resp_3")).toBe(true);
      expect(await new Conversations(full).deleteItem("conv_1", "a")).toBe(true);
      expect(await new Conversations(full).delete("conv_1", { alsoResponses: true })).toBe(true);
      // Its response would have to be written to be kept.
      await expect(new Conversations(full).delete("conv_2")).rejects.toMatchObject({ code: "STORAGE_FULL" });
      expect((await conversations.items("conv_2")).items).toHaveLength(2);
      expect(await responses.get("resp_2")).toBeDefined();
      expect(await under.store.collection(conversationItemsCollection).count()).toBe(2);
      expect(await under.store.collection(responsesCollection).count()).toBe(1);
    });

    test("R16: a caller that names itself finds only its own conversations", async () => {
      await using under = await open();
      const conversations = new Conversations(under.store);
      await conversations.create({ id: "conv_1", owner: "alice", items: "secret" });
      const bob = { owner: "bob" };
      expect(await conversations.get("conv_1", bob)).toBeUndefined();
      expect(await conversations.delete("conv_1", bob)).toBe(false);
      await expect(conversations.items("conv_1", bob)).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(conversations.addItems("conv_1", "x", bob)).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(conversations.replace("conv_1", {}, bob)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
      const turn = { response: response("resp_1"), conversation: "conv_1", owner: "bob" };
      await expect(new Responses(under.store).record(turn)).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect((await conversations.list(bob)).conversations).toEqual([]);
      expect((await conversations.items("conv_1", { owner: "alice" })).items).toHaveLength(1);
    });

    test("a repeated create with one idempotency key makes one conversation", async () => {
      await using under = await open();
      const conversations = new Conversations(under.store);
      const idempotency = { scope: ["POST /v1/conversations", "key-1"], request: { items: ["x"] } };
      const made = await Promise.all([1, 2, 3].map(() => conversations.create({ items: "x", idempotency })));
      const after = new Conversations(await under.reopen());
      made.push(await after.create({ items: "x", idempotency }));
      expect(new Set(made.map(({ id }) => id)).size).toBe(1);
      expect((await after.list()).conversations).toHaveLength(1);
      await expect(after.create({ idempotency: { ...idempotency, request: {} } })).rejects.toMatchObject({
        code: "INVALID_DOCUMENT",
      });
    });
  });
}
