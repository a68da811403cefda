import { createHash } from "node:crypto";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { safeName, shardOf } from "../../src/files/safe-name.js";
import { filesService, type FilesService } from "./files-service.js";

async function upload(service: FilesService, text: string, filename = "a.txt"): Promise<string> {
  const { id } = await service.client.files.create({ file: new File([text], filename), purpose: "assistants" });
  return id;
}

function bytesPath(service: FilesService, id: string): string {
  return join(service.directory, "blobs", shardOf(safeName(id)), safeName(id));
}

describe("the content of a file", () => {
  test("comes as an attachment of bytes, with their SHA-256 as its tag", async () => {
    await using service = await filesService();
    const id = await upload(service, "0123456789", 'Größe "1" (neu).txt');
    const path = `/v1/files/${id}/content`;
    const tag = `"${createHash("sha256").update("0123456789").digest("hex")}"`;
    const reply = await service.get(path);
    expect([reply.status, reply.body]).toEqual([200, "0123456789"]);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      etag: tag,
      "accept-ranges": "bytes",
      "content-length": "10",
      "content-type": "application/octet-stream",
      "x-content-type-options": "nosniff",
    });
    const disposition = reply.headers.get("content-disposition") ?? "";
    expect(disposition).toMatch(/^attachment; filename="[ !#-~]+"; filename\*=UTF-8''[\w%.~-]+$/);
    expect(disposition).toContain("Gr%C3%B6%C3%9Fe%20");
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, "*"]) {
      const unchanged = await service.get(path, { "if-none-match": known });
      expect([unchanged.status, unchanged.body, unchanged.headers.get("etag")]).toEqual([304, "", tag]);
    }
    expect((await service.get(path, { "if-none-match": '"other"' })).status).toBe(200);
    const head = await fetch(service.url + path, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "10", ""]);
  });

  test("comes in part where a range is asked for", async () => {
    await using service = await filesService();
    const path = `/v1/files/${await upload(service, "0123456789")}/content`;
    const { headers } = await service.get(path);
    for (const [range, body, told] of [
      ["bytes=0-0", "0", "bytes 0-0/10"],
      ["bytes=3-5", "345", "bytes 3-5/10"],
      ["bytes=7-", "789", "bytes 7-9/10"],
      ["bytes=7-99", "789", "bytes 7-9/10"],
      ["bytes=-2", "89", "bytes 8-9/10"],
      ["bytes=-99", "0123456789", "bytes 0-9/10"],
      ["bytes=0-9", "0123456789", "bytes 0-9/10"],
    ]) {
      const reply = await service.get(path, { range: range ?? "", "if-range": headers.get("etag") ?? "" });
      expect([range, reply.status, reply.body]).toEqual([range, 206, body]);
      expect(reply.headers.get("content-range")).toBe(told);
      expect(reply.headers.get("content-length")).toBe(String(body?.length));
    }
    for (const range of ["bytes=10-", "bytes=10-20", "bytes=-0"]) {
      const reply = await service.get(path, { range });
      expect([reply.status, reply.headers.get("content-range")]).toEqual([416, "bytes */10"]);
      expect(reply.body).toMatchObject({ error: { code: "range_not_satisfiable" } });
    }
    for (const range of ["bytes=5-3", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4", "bytes=-", "bytes"]) {
      expect(await service.get(path, { range })).toMatchObject({ status: 200, body: "0123456789" });
    }
    // Whoever has the beginning of other bytes gets all of these.
    expect((await service.get(path, { range: "bytes=3-5", "if-range": '"other"' })).status).toBe(200);
    const empty = `/v1/files/${await upload(service, "")}/content`;
    expect((await service.get(empty, { range: "bytes=0-" })).status).toBe(416);
    expect(await service.get(empty)).toMatchObject({ status: 200, body: "" });
  });

  test("that is damaged is never sent as if it were whole", async () => {
    await using service = await filesService();
    const [small, large, missing] = [
      await upload(service, "small"),
      await upload(service, "x".repeat(500_000)),
      await upload(service, "cut"),
    ];
    await writeFile(bytesPath(service, small), "smalL");
    expect(await service.get(`/v1/files/${small}/content`)).toMatchObject({
      status: 500,
      body: { error: { code: "corrupt", type: "server_error" } },
    });
    await writeFile(bytesPath(service, large), "x".repeat(499_999) + "y");
    await expect(service.get(`/v1/files/${large}/content`)).rejects.toThrow();
    await truncate(bytesPath(service, missing), 1);
    expect(await service.get(`/v1/files/${missing}/content`)).toMatchObject({ status: 500 });
    await service.restart();
    expect((await service.get(`/v1/files/${missing}`)).body).toMatchObject({
      status: "error",
      status_details: "wrong_size",
    });
    expect(await service.get(`/v1/files/${await upload(service, "still serving")}/content`)).toMatchObject({
      body: "still serving",
    });
  });
});
