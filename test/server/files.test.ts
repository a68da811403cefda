import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import OpenAI, { toFile } from "openai";
import { describe, expect, test } from "vitest";
import { blobNames, inconsistencies } from "../surfaces/files-under-test.js";
import { filesService, formOf } from "./files-service.js";
import { runningService } from "./running-service.js";

const large = Buffer.alloc(3_000_000, "0123456789");

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe("files through the official client", () => {
  test("are uploaded from a buffer, a stream and a path, and are byte for byte the same after a restart", async () => {
    await using service = await filesService();
    const path = service.folder.at("Übung 1.jsonl");
    await writeFile(path, large);
    const { files } = service.client;
    const expires_after = { anchor: "created_at", seconds: 3_600 } as const;
    const uploaded = [
      await files.create({ file: await toFile(large, "buffer.bin"), purpose: "assistants" }),
      await files.create({ file: await toFile(Readable.from([large]), "stream.bin"), purpose: "user_data" }),
      await files.create({ file: createReadStream(path), purpose: "batch", expires_after }),
      await files.create({ file: new File([], "empty.txt"), purpose: "vision" }),
    ];
    expect(uploaded.map((one) => [one.filename, one.purpose, one.bytes, Reflect.get(one, "status")])).toEqual([
      ["buffer.bin", "assistants", large.length, "processed"],
      ["stream.bin", "user_data", large.length, "processed"],
      ["Übung 1.jsonl", "batch", large.length, "processed"],
      ["empty.txt", "vision", 0, "processed"],
    ]);
    expect(uploaded[2]?.expires_at).toBe((uploaded[2]?.created_at ?? 0) + 3_600);
    await service.restart();
    for (const one of uploaded) {
      expect(await service.client.files.retrieve(one.id)).toEqual(one);
      const reply = await service.client.files.content(one.id);
      const bytes = Buffer.from(await reply.arrayBuffer());
      expect(sha256(bytes)).toBe(sha256(one.bytes === 0 ? Buffer.alloc(0) : large));
      expect(reply.headers.get("content-length")).toBe(String(one.bytes));
    }
    expect(await service.client.files.waitForProcessing(uploaded[0]?.id ?? "")).toEqual(uploaded[0]);
  });

  test("V13: are walked in pages of any size, in both orders, though made in the same second", async () => {
    await using service = await filesService();
    const ids: string[] = [];
    for (let number = 0; number < 255; number += 1) {
      const purpose = number % 5 === 0 ? "batch" : "evals";
      ids.push((await service.client.files.create({ file: new File([`${number}`], `${number}.txt`), purpose })).id);
    }
    const walk = async (query: OpenAI.FileListParams): Promise<string[]> => {
      const walked: string[] = [];
      for await (const file of service.client.files.list(query)) walked.push(file.id);
      return walked;
    };
    expect(await walk({ order: "asc", limit: 100 })).toEqual(ids);
    expect(await walk({ limit: 1 })).toEqual([...ids].reverse());
    expect(await walk({})).toHaveLength(255);
    const batch = ids.filter((_, index) => index % 5 === 0);
    expect(await walk({ order: "asc", purpose: "batch", limit: 7 })).toEqual(batch);
    // One that lies ahead is deleted in the middle of a walk.
    const first = await service.client.files.list({ order: "asc", limit: 2 });
    await service.client.files.delete(ids[2] ?? "");
    expect((await first.getNextPage()).data.map(({ id }) => id)).toEqual([ids[3], ids[4]]);
    expect((await service.get("/v1/files?limit=2&order=asc")).body).toMatchObject({
      object: "list",
      first_id: ids[0],
      last_id: ids[1],
      has_more: true,
    });
    await expect(walk({ after: ids[2] ?? "" })).rejects.toMatchObject({ status: 400, param: "after" });
  });

  test("are deleted, after which every route to them is a 404", async () => {
    await using service = await filesService();
    const { client } = service;
    expect((await service.get("/v1/files")).body).toEqual({
      object: "list",
      data: [],
      first_id: null,
      last_id: null,
      has_more: false,
    });
    const { id } = await client.files.create({ file: new File(["x"], "a.txt"), purpose: "assistants" });
    expect(await client.files.delete(id)).toEqual({ id, object: "file", deleted: true });
    for (const call of [
      () => client.files.retrieve(id),
      () => client.files.content(id),
      () => client.files.delete(id),
      () => client.files.retrieve("file-never-was"),
    ]) {
      await expect(call()).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    }
    expect(await blobNames(service.directory)).toEqual([]);
  });

  test("with ids that mean something else are refused, and nothing outside is touched", async () => {
    await using service = await filesService();
    const { id } = await service.client.files.create({ file: new File(["x"], "a.txt"), purpose: "assistants" });
    await writeFile(service.folder.at("outside"), "untouched");
    const odd = ["a%2Fb", "..%2F..%2Foutside", "%2e%2e", "a%00b", "x".repeat(300), id.toUpperCase(), "%F0%9F%92%A9"];
    for (const name of odd) {
      for (const path of [`/v1/files/${name}`, `/v1/files/${name}/content`]) {
        for (const method of ["GET", "DELETE"]) {
          const { status } = await fetch(service.url + path, { method });
          expect([400, 404, 405]).toContain(status);
        }
      }
    }
    for (const path of ["/v1/files/", "/v1/files//content"]) {
      expect(await service.get(path)).toMatchObject({
        status: 404,
        body: { error: { type: "invalid_request_error" } },
      });
    }
    expect(await readFile(service.folder.at("outside"), "utf8")).toBe("untouched");
    expect((await readdir(service.folder.path)).sort()).toEqual(["outside", "state"]);
    expect(await blobNames(service.directory)).toEqual([id]);
  });

  test("answered with 503 after they were stored are sent again: one file with a key, two whole ones without", async () => {
    let fail = false;
    await using service = await filesService({
      configure: (server) => {
        server.addHook("onSend", async (request, reply, payload) => {
          if (request.method !== "POST" || !fail) return payload;
          fail = false;
          void reply.code(503).header("retry-after-ms", "1");
          return await Promise.resolve(payload);
        });
      },
    });
    const upload = async (headers: Record<string, string>): Promise<void> => {
      fail = true;
      await service.client.files.create({ file: new File(["twice"], "a.txt"), purpose: "assistants" }, { headers });
    };
    await upload({ "Idempotency-Key": "one" });
    expect((await service.now.files.list()).files).toHaveLength(1);
    await upload({});
    expect((await service.now.files.list()).files).toHaveLength(3);
    expect(await inconsistencies(service.now)).toEqual([]);
    const other = service.client.files.create(
      { file: new File(["other"], "a.txt"), purpose: "assistants" },
      { headers: { "Idempotency-Key": "one" } },
    );
    await expect(other).rejects.toBeInstanceOf(OpenAI.APIError);
    expect(await blobNames(service.directory)).toHaveLength(3);
  });

  test("belong to the owner they were uploaded for", async () => {
    await using service = await filesService();
    const alice = { headers: { "holdfast-owner": "alice" } };
    const { id } = await service.client.files.create({ file: new File(["x"], "a"), purpose: "assistants" }, alice);
    const bob = { headers: { "holdfast-owner": "bob" } };
    await expect(service.client.files.retrieve(id, bob)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(service.client.files.content(id, bob)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(service.client.files.delete(id, bob)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    expect((await service.client.files.list({}, bob)).data).toEqual([]);
    expect((await service.client.files.list({}, alice)).data).toHaveLength(1);
  });

  test("are served beside everything else, whatever the limit of other bodies, which forms are not", async () => {
    await using service = await runningService({ bodyLimitBytes: 100_000 });
    const file = await service.client.files.create({ file: await toFile(large, "large.bin"), purpose: "assistants" });
    await service.restart();
    const content = await service.client.files.content(file.id);
    expect(sha256(Buffer.from(await content.arrayBuffer()))).toBe(sha256(large));
    expect(service.state.recovery.reconciled).toEqual([]);
    const form = { method: "POST", body: formOf([["metadata", "x"]]) };
    expect((await fetch(`${service.url}/v1/conversations`, form)).status).toBe(415);
    expect(await service.client.files.delete(file.id)).toMatchObject({ deleted: true });
    expect(await blobNames(service.directory)).toEqual([]);
  });
});
