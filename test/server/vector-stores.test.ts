import OpenAI, { toFile } from "openai";
import { describe, expect, test } from "vitest";
import {
  MemoryVectorBackend,
  type SearchRequest,
  type SearchResult,
  type VectorBackend,
} from "../../src/surfaces/vector-stores/index.js";
import { vectorStoreService, type VectorStoreService } from "./vector-store-service.js";

const counts = (
  given: Partial<Record<"in_progress" | "completed" | "failed" | "cancelled" | "total", number>>,
): object => ({
  in_progress: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  total: 0,
  ...given,
});

async function upload({ client }: VectorStoreService, name: string): Promise<string> {
  return (
    await client.files.create({ file: await toFile(Buffer.from(`text of ${name}`), name), purpose: "assistants" })
  ).id;
}

describe("vector stores through the official client", () => {
  test("are created, read, changed and deleted, and outlive a restart", async () => {
    await using service = await vectorStoreService();
    const made = await service.client.vectorStores.create({
      name: "notes",
      metadata: { topic: "demo" },
      expires_after: { anchor: "last_active_at", days: 7 },
    });
    expect(made).toMatchObject({
      object: "vector_store",
      name: "notes",
      status: "completed",
      usage_bytes: 0,
      file_counts: counts({}),
      expires_at: made.created_at + 7 * 24 * 60 * 60,
    });
    await service.restart();
    const stores = service.client.vectorStores;
    expect(await stores.retrieve(made.id)).toEqual(made);
    const changed = await stores.update(made.id, { name: "other", metadata: null, expires_after: null });
    expect(changed).toMatchObject({ name: "other", metadata: {} });
    expect(changed).not.toHaveProperty("expires_at");
    expect(await stores.delete(made.id)).toEqual({ id: made.id, object: "vector_store.deleted", deleted: true });
    for (const call of [
      () => stores.retrieve(made.id),
      () => stores.update(made.id, { name: "x" }),
      () => stores.delete(made.id),
      () => stores.search(made.id, { query: "x" }),
      () => stores.files.list(made.id),
      () => stores.files.create(made.id, { file_id: "file-1" }),
      () => stores.files.retrieve("file-1", { vector_store_id: made.id }),
      () => stores.files.update("file-1", { vector_store_id: made.id, attributes: {} }),
      () => stores.files.delete("file-1", { vector_store_id: made.id }),
      () => stores.files.content("file-1", { vector_store_id: made.id }),
      () => stores.fileBatches.create(made.id, { file_ids: ["file-1"] }),
      () => stores.fileBatches.retrieve("vsfb_1", { vector_store_id: made.id }),
      () => stores.fileBatches.cancel("vsfb_1", { vector_store_id: made.id }),
      () => stores.fileBatches.listFiles("vsfb_1", { vector_store_id: made.id }),
    ]) {
      await expect(call()).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    }
  });

  test("V13: are walked in pages in both orders, and a cursor nobody knows is a 400", async () => {
    await using service = await vectorStoreService();
    const { vectorStores } = service.client;
    expect((await service.send("GET", "/v1/vector_stores")).body).toEqual({
      object: "list",
      data: [],
      first_id: null,
      last_id: null,
      has_more: false,
    });
    const ids: string[] = [];
    for (let index = 0; index < 25; index += 1) ids.push((await vectorStores.create({ name: `store ${index}` })).id);
    for (const [order, limit] of [
      ["asc", 1],
      ["desc", 10],
    ] as const) {
      const walked: string[] = [];
      for await (const store of vectorStores.list({ order, limit })) walked.push(store.id);
      expect(walked).toEqual(order === "asc" ? ids : ids.toReversed());
    }
    const before = await vectorStores.list({ order: "asc", limit: 2, before: ids[4] ?? "" });
    expect(before.data.map(({ id }) => id)).toEqual(ids.slice(2, 4));
    await expect(vectorStores.list({ after: "vs_unknown" })).rejects.toMatchObject({ status: 400, param: "after" });
    await expect(vectorStores.list({ limit: 101 })).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  });

  test("V1: have files, which are attached, listed, changed and detached, and leave with the file itself", async () => {
    await using service = await vectorStoreService();
    const ids = [await upload(service, "a.txt"), await upload(service, "b.txt"), await upload(service, "c.txt")];
    const [first = "", second = "", third = ""] = ids;
    const { id } = await service.client.vectorStores.create({ file_ids: [first] });
    const attached = await service.client.vectorStores.files.createAndPoll(id, {
      file_id: second,
      attributes: { page: 2 },
      chunking_strategy: { type: "static", static: { max_chunk_size_tokens: 300, chunk_overlap_tokens: 20 } },
    });
    expect(attached).toMatchObject({
      id: second,
      object: "vector_store.file",
      vector_store_id: id,
      status: "completed",
      usage_bytes: "text of b.txt".length,
      last_error: null,
      attributes: { page: 2 },
      chunking_strategy: { type: "static", static: { max_chunk_size_tokens: 300, chunk_overlap_tokens: 20 } },
    });
    await service.client.vectorStores.files.create(id, { file_id: third });
    await service.restart();
    const { vectorStores } = service.client;
    const { files } = vectorStores;
    for (const order of ["asc", "desc"] as const) {
      const walked: string[] = [];
      for await (const file of files.list(id, { order, limit: 1, filter: "completed" })) walked.push(file.id);
      expect(walked).toEqual(order === "asc" ? ids : ids.toReversed());
    }
    expect((await files.list(id, { filter: "failed" })).data).toEqual([]);
    expect(await files.retrieve(second, { vector_store_id: id })).toEqual(attached);
    const updated = await files.update(second, { vector_store_id: id, attributes: { page: 3, draft: true } });
    expect(updated.attributes).toEqual({ page: 3, draft: true });
    expect(await vectorStores.retrieve(id)).toMatchObject({ file_counts: counts({ completed: 3, total: 3 }) });
    expect(await files.delete(second, { vector_store_id: id })).toEqual({
      id: second,
      object: "vector_store.file.deleted",
      deleted: true,
    });
    expect((await service.client.files.retrieve(second)).id).toBe(second);
    await service.client.files.delete(third);
    expect((await files.list(id)).data.map((file) => file.id)).toEqual([first]);
    expect(await vectorStores.retrieve(id)).toMatchObject({ file_counts: counts({ completed: 1, total: 1 }) });
    await expect(files.create(id, { file_id: third })).rejects.toMatchObject({ status: 404, param: "file_id" });
    const bad = await service.send("POST", `/v1/vector_stores/${id}/files/${first}`, {});
    expect(bad).toMatchObject({ status: 400, body: { error: { param: "attributes" } } });
  });

  test("have batches, and every polling call of the client comes to its end", async () => {
    await using service = await vectorStoreService();
    const { vectorStores } = service.client;
    const { id } = await vectorStores.create({});
    const uploads = await Promise.all(["a.txt", "b.txt"].map((name) => toFile(Buffer.from(name), name)));
    const [one] = uploads;
    if (one === undefined) throw new Error("no upload");
    const file = await vectorStores.files.uploadAndPoll(id, one);
    expect(file.status).toBe("completed");
    const batch = await vectorStores.fileBatches.uploadAndPoll(id, { files: uploads, fileIds: [file.id] });
    expect(batch).toMatchObject({
      object: "vector_store.files_batch",
      vector_store_id: id,
      status: "completed",
      file_counts: counts({ completed: 3, total: 3 }),
    });
    const polled = await vectorStores.fileBatches.createAndPoll(id, {
      files: [{ file_id: file.id, attributes: { page: 1 } }],
    });
    expect(polled.file_counts).toEqual(counts({ completed: 1, total: 1 }));
    const walked: string[] = [];
    for await (const one of vectorStores.fileBatches.listFiles(batch.id, {
      vector_store_id: id,
      limit: 1,
      order: "asc",
    })) {
      walked.push(one.id);
    }
    expect(walked).toHaveLength(3);
    expect(walked[0]).toBe(file.id);
    expect(await vectorStores.fileBatches.cancel(batch.id, { vector_store_id: id })).toMatchObject({
      status: "completed",
    });
    await expect(vectorStores.fileBatches.create(id, { file_ids: [] })).rejects.toMatchObject({
      status: 400,
      param: "file_ids",
    });
  });

  test("wait for an ingesting router, which reports through the state routes", async () => {
    await using service = await vectorStoreService({ ingestion: "external" });
    const ids = [await upload(service, "a.txt"), await upload(service, "b.txt")];
    const [first = "", second = ""] = ids;
    const { vectorStores } = service.client;
    const { id } = await vectorStores.create({});
    const { data: batch, response } = await vectorStores.fileBatches.create(id, { file_ids: ids }).withResponse();
    expect(batch).toMatchObject({ status: "in_progress", file_counts: counts({ in_progress: 2, total: 2 }) });
    expect(response.headers.get("openai-poll-after-ms")).toBe("1000");

    const polling = vectorStores.fileBatches.poll(id, batch.id, { pollIntervalMs: 20 });
    const path = (file: string): string => `/v1/state/vector_stores/${id}/files/${file}`;
    const state = await service.send("GET", path(first));
    expect(state.body).toMatchObject({ ingestion: { state: "leased" }, vector_store_file: { status: "in_progress" } });
    const { attachment } = state.body as { attachment: string };
    expect((await service.send("PATCH", path(first), { status: "in_progress", attachment })).status).toBe(200);
    const done = { status: "completed", usage_bytes: 5, attachment };
    expect((await service.send("PATCH", path(first), done)).body).toMatchObject({
      vector_store_file: { status: "completed", usage_bytes: 5 },
    });
    expect((await service.send("PATCH", path(first), done)).status).toBe(200);
    const stale = await service.send("PATCH", path(second), { status: "completed", attachment });
    expect(stale).toMatchObject({ status: 409, body: { error: { code: "revision_conflict" } } });
    expect(stale.headers.get("x-should-retry")).toBe("false");
    const last_error = { code: "unsupported_file", message: "not text" };
    expect((await service.send("PATCH", path(second), { status: "failed", last_error })).status).toBe(200);
    expect(await polling).toMatchObject({
      status: "completed",
      file_counts: counts({ completed: 1, failed: 1, total: 2 }),
    });
    expect(await vectorStores.files.poll(id, second)).toMatchObject({ status: "failed", last_error });
    expect((await service.send("PATCH", path("file-none"), { status: "completed" })).status).toBe(404);
  });

  test("V6, V12, V15: a failure says what it is: 404 for what is not there, 400 with all problems, 501 for what is not offered", async () => {
    await using service = await vectorStoreService();
    const { vectorStores } = service.client;
    const file = await upload(service, "a.txt");
    const { id } = await vectorStores.create({ file_ids: [file] });
    const search = await service.send("POST", `/v1/vector_stores/${id}/search`, { query: "x" });
    expect(search).toMatchObject({
      status: 501,
      body: {
        error: { code: "not_implemented", type: "server_error", param: null, message: expect.any(String) as string },
      },
    });
    expect(search.headers.get("x-should-retry")).toBe("false");
    await expect(vectorStores.files.content(file, { vector_store_id: id })).rejects.toMatchObject({ status: 501 });
    expect((await service.send("POST", "/v1/vector_stores/vs_none/search", { query: "x" })).status).toBe(404);
    const bad = await service.send("POST", `/v1/vector_stores/${id}/search`, { query: "", max_num_results: 51 });
    expect(bad).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringMatching(/query[^]*max_num_results/) as string } },
    });
    const refused = await service.send("POST", "/v1/vector_stores", { name: 1, metadata: { a: 1 } });
    expect(refused).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringMatching(/name[^]*metadata.a/) as string } },
    });
    for (const path of ["/v1/vector_stores/", `/v1/vector_stores/${id}/files/`, "/v1/vector_stores/a%2F..%2Fb"]) {
      expect([400, 404]).toContain((await service.send("GET", path)).status);
    }
    const twice = { "idempotency-key": "the-key" };
    const made = await service.send("POST", "/v1/vector_stores", { name: "one" }, twice);
    await service.restart();
    expect((await service.send("POST", "/v1/vector_stores", { name: "one" }, twice)).body).toEqual(made.body);
  });

  test("are searched where the backend can", async () => {
    const asked: SearchRequest[] = [];
    const found: SearchResult = {
      file_id: "file-1",
      filename: "a.txt",
      score: 0.5,
      attributes: { page: 1 },
      content: [{ type: "text", text: "found" }],
    };
    const memory = new MemoryVectorBackend();
    const backend: VectorBackend = {
      name: "searching",
      list: () => memory.list(),
      create: (collection) => memory.create(collection),
      delete: (collection) => memory.delete(collection),
      search: (collection, request) => {
        if (memory.contentOf(collection) === undefined) return Promise.reject(new Error("no such collection"));
        asked.push(request);
        return Promise.resolve([found]);
      },
    };
    await using service = await vectorStoreService({ backend });
    const { vectorStores } = service.client;
    const { id } = await vectorStores.create({});
    const filters = {
      type: "and" as const,
      filters: [
        { type: "eq" as const, key: "page", value: 1 },
        { type: "gte" as const, key: "page", value: 1 },
      ],
    };
    const page = await vectorStores.search(id, { query: ["a", "b"], filters, max_num_results: 3, rewrite_query: true });
    expect(page.data).toEqual([found]);
    expect(asked).toEqual([{ queries: ["a", "b"], maxResults: 3, filters, rewriteQuery: true }]);
    await memory.delete(id);
    await expect(vectorStores.search(id, { query: "a" }, { maxRetries: 0 })).rejects.toMatchObject({
      status: 503,
      code: "backend_failed",
    });
    await expect(
      vectorStores.search(id, { query: "a", filters: { type: "like" as "eq", key: "page", value: 1 } }),
    ).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  });
});
