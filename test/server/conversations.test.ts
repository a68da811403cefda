import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { message, response } from "../surfaces/samples.js";
import { runningService } from "./running-service.js";

describe("conversations through the official client", () => {
  test("are created, read, updated and deleted", async () => {
    await using service = await runningService();
    const { client } = service;
    const empty = await client.conversations.create();
    expect(empty).toMatchObject({ object: "conversation", metadata: {} });
    const made = await client.conversations.create({
      metadata: { topic: "demo" },
      items: [{ role: "user", content: "hello" }],
    });
    expect(await client.conversations.retrieve(made.id)).toMatchObject({ id: made.id, metadata: { topic: "demo" } });
    expect(await client.conversations.update(made.id, { metadata: { topic: "new" } })).toMatchObject({
      metadata: { topic: "new" },
    });
    expect(await client.conversations.update(made.id, { metadata: null })).toMatchObject({ metadata: {} });
    expect((await service.send("POST", `/v1/conversations/${made.id}`, {})).body).toMatchObject({
      error: { param: "metadata" },
    });
    await service.restart();
    expect(await service.client.conversations.delete(made.id)).toEqual({
      id: made.id,
      object: "conversation.deleted",
      deleted: true,
    });
    for (const call of [
      () => service.client.conversations.retrieve(made.id),
      () => service.client.conversations.delete(made.id),
      () => service.client.conversations.update(made.id, { metadata: {} }),
      () => service.client.conversations.items.list(made.id),
      () => service.client.conversations.items.create(made.id, { items: [{ role: "user", content: "x" }] }),
      () => service.client.conversations.items.retrieve("msg_1", { conversation_id: made.id }),
      () => service.client.conversations.items.delete("msg_1", { conversation_id: made.id }),
    ]) {
      await expect(call()).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    }
  });

  test("R4: items are added, walked one at a time in both orders, and deleted", async () => {
    await using service = await runningService();
    const { items } = service.client.conversations;
    const { id } = await service.client.conversations.create({});
    const texts = ["one", "two", "three"];
    const added = await items.create(id, { items: texts.map((content) => ({ role: "user", content })) });
    expect(added).toMatchObject({
      object: "list",
      has_more: false,
      first_id: added.data[0]?.id,
      last_id: added.data[2]?.id,
    });
    const ids = added.data.map((item) => item.id ?? "");
    const [first = "", second = "", third = ""] = ids;
    for (const order of ["asc", "desc"] as const) {
      const seen: unknown[] = [];
      for await (const item of items.list(id, { order, limit: 1 })) seen.push(item.id);
      expect(seen).toEqual(order === "asc" ? ids : [...ids].reverse());
    }
    expect(await items.retrieve(second, { conversation_id: id })).toEqual(added.data[1]);
    const after = await items.delete(second, { conversation_id: id });
    expect(after).toMatchObject({ id, object: "conversation" });
    await expect(items.retrieve(second, { conversation_id: id })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    expect((await items.list(id, { order: "asc" })).data.map((item) => item.id)).toEqual([first, third]);
    await expect(items.list(id, { after: second })).rejects.toMatchObject({ status: 400, param: "after" });
  });

  test("a recorded turn joins its conversation, and of two at once one gets conversation_locked", async () => {
    await using service = await runningService();
    const { id } = await service.client.conversations.create({});
    const { headers } = await service.send("GET", `/v1/conversations/${id}`);
    const conversation_revision = Number(/\d+/.exec(headers.get("etag") ?? "")?.[0]);
    const record = (name: string): ReturnType<typeof service.send> =>
      service.send("POST", "/v1/state/responses", {
        response: response(name, { conversation: { id } }),
        input: `question of ${name}`,
        conversation_revision,
      });
    const replies = await Promise.all([record("resp_1"), record("resp_2")]);
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 400]);
    const lost = replies.find(({ status }) => status === 400);
    expect(lost?.body).toMatchObject({
      error: { code: "conversation_locked", param: "conversation", type: "invalid_request_error" },
    });
    expect(lost?.headers.get("x-should-retry")).toBe("false");
    expect((await service.client.conversations.items.list(id)).data).toHaveLength(2);
    const listed = await service.send("GET", `/v1/state/responses?conversation=${id}`);
    expect(listed.body).toMatchObject({ data: [{ conversation: id }], has_more: false });
  });

  test("a create that is repeated with one Idempotency-Key makes one object, without it two", async () => {
    await using service = await runningService();
    const body = { metadata: { turn: "1" } };
    const post = (headers?: Record<string, string>): ReturnType<typeof service.send> =>
      service.send("POST", "/v1/conversations", body, headers);
    const key = { "idempotency-key": "the-key" };
    const [first, second] = await Promise.all([post(key), post(key)]);
    await service.restart();
    const third = await post(key);
    expect([second.body, third.body]).toEqual([first.body, first.body]);
    const plain = await Promise.all([post(), post()]);
    expect(plain[0].body).not.toEqual(plain[1].body);
    expect((await service.send("GET", "/v1/state/conversations")).body).toMatchObject({ data: { length: 3 } });
    const other = await service.send("POST", "/v1/conversations", {}, key);
    expect(other).toMatchObject({ status: 422, body: { error: { param: "idempotency_key" } } });
    const items = { items: [{ role: "user", content: "x" }] };
    const { id } = first.body as { id: string };
    const added = await service.send("POST", `/v1/conversations/${id}/items`, items, key);
    const again = await service.send("POST", `/v1/conversations/${id}/items`, items, key);
    expect(again.body).toEqual(added.body);
    expect((await service.client.conversations.items.list(id)).data).toHaveLength(1);
  });

  test("a router with ids of its own records its conversation, appends a turn, and deletes both with the responses", async () => {
    await using service = await runningService();
    const path = "/v1/state/conversations/my%3Aconversation";
    const put = (headers: Record<string, string>): ReturnType<typeof service.send> =>
      service.send("PUT", path, { conversation: { metadata: { a: "b" }, custom: [1] }, owner: "alice" }, headers);
    expect((await put({ "if-none-match": "*" })).status).toBe(201);
    expect((await put({ "if-none-match": "*" })).status).toBe(409);
    expect((await put({ "if-match": '"1"' })).status).toBe(200);
    const many = Array.from({ length: 30 }, (_, turn) => message(`msg_${turn}`, "user", "x"));
    expect((await service.send("POST", `${path}/items`, { items: many }, { "if-match": '"2"' })).status).toBe(200);
    const late = await service.send(
      "POST",
      `${path}/items`,
      { items: [message("late", "user", "x")] },
      { "if-match": '"2"' },
    );
    expect(late.body).toMatchObject({ error: { code: "conversation_locked" } });
    const recorded = { response: response("resp_1"), conversation: "my:conversation", owner: "alice" };
    expect((await service.send("POST", "/v1/state/responses", recorded)).status).toBe(201);
    expect((await service.send("GET", path)).body).toMatchObject({ conversation: { custom: [1] }, owner: "alice" });
    expect((await service.send("DELETE", `${path}?responses=true`)).status).toBe(200);
    expect((await service.send("GET", "/v1/responses/resp_1")).status).toBe(404);
  });
});
