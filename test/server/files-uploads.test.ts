import { connect } from "node:net";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { blobNames } from "../surfaces/files-under-test.js";
import { eventually } from "../support/eventually.js";
import { filesService, type FilesService } from "./files-service.js";

const file = new File(["hello"], "a.txt");
const boundary = "----boundary";

function part(name: string, value: string, more = ""): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
}

const end = `--${boundary}--\r\n`;
const formHeaders = { "content-type": `multipart/form-data; boundary=${boundary}` };

/** Sends a body piece by piece, without saying how long it is. */
async function sendChunked(service: FilesService, body: AsyncIterable<Uint8Array>): Promise<Response> {
  const request = { method: "POST", headers: formHeaders, body: Readable.toWeb(Readable.from(body)), duplex: "half" };
  return fetch(`${service.url}/v1/files`, request as RequestInit);
}

async function* chunks(...texts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array, void, void> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

/** Sends bytes as they are, waits until the service has stored some of them, and hangs up. */
async function sendAndHangUp(service: FilesService, request: string): Promise<void> {
  const { hostname, port } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  await new Promise<void>((resolve) => {
    socket.write(request, () => {
      resolve();
    });
  });
  await eventually("bytes are being stored", async () => (await blobNames(service.directory)).length > 0);
  socket.destroy();
}

async function nothingIsLeft(service: FilesService): Promise<void> {
  await eventually("nothing is left", async () => (await blobNames(service.directory)).length === 0);
  expect((await service.now.files.list()).files).toEqual([]);
}

describe("an upload", () => {
  test("is taken with its parts in any order, with and without a length, and without a name", async () => {
    await using service = await filesService();
    const purpose = ["purpose", "assistants"] as const;
    expect(await service.post([["file", file], purpose])).toMatchObject({ status: 200, body: { filename: "a.txt" } });
    const expiry = [
      ["expires_after[anchor]", "created_at"],
      ["expires_after[seconds]", "3600"],
    ] as const;
    expect(await service.post([purpose, ...expiry, ["file", file]])).toMatchObject({
      status: 200,
      body: { bytes: 5, expires_at: expect.any(Number) as number },
    });
    expect(await service.post([["file", file], ...expiry, purpose])).toMatchObject({ status: 200, body: { bytes: 5 } });
    const nameless = "\r\nContent-Type: application/octet-stream";
    const body = part("file", "x", nameless) + part("purpose", "batch") + end;
    const chunked = await sendChunked(service, chunks(body.slice(0, 90), body.slice(90)));
    expect([chunked.status, await chunked.json()]).toMatchObject([200, { filename: "unknown_file", bytes: 1 }]);
    const empty = part("file", "x", `; filename=""${nameless}`) + part("purpose", "batch") + end;
    const reply = await fetch(`${service.url}/v1/files`, { method: "POST", headers: formHeaders, body: empty });
    expect(await reply.json()).toMatchObject({ filename: "unknown_file" });
    const path = part("file", "x", `; filename="../../etc/passwd"`) + part("purpose", "batch") + end;
    const stripped = await fetch(`${service.url}/v1/files`, { method: "POST", headers: formHeaders, body: path });
    expect(await stripped.json()).toMatchObject({ filename: "passwd" });
  });

  test("V14: that is not what it should be is refused, and nothing is left of it", async () => {
    await using service = await filesService({ formats: [".txt"] });
    const purpose = ["purpose", "assistants"] as const;
    const cases: readonly (readonly [Iterable<readonly [string, string | File]>, string])[] = [
      [[["file", file]], "purpose"],
      [[purpose], "file"],
      [[purpose, ["file", "only a text"]], "file"],
      [[purpose, ["document", file]], "document"],
      [
        [
          ["file", file],
          ["purpose", "fun"],
        ],
        "purpose",
      ],
      [
        [
          ["file", file],
          ["purpose", "batch_output"],
        ],
        "purpose",
      ],
      [[["file", file], purpose, purpose], "purpose"],
      [[["file", file], purpose, ["file", file]], "file"],
      [[["file", new File(["MZ"], "a.exe")], purpose], "filename"],
      [[["file", file], purpose, ["expires_after[seconds]", "3600"]], "expires_after.anchor"],
      [
        [["expires_after[anchor]", "created_at"], ["expires_after[seconds]", "3599"], ["file", file], purpose],
        "expires_after.seconds",
      ],
      [
        [["file", file], purpose, ["expires_after[anchor]", "created_at"], ["expires_after[seconds]", "soon"]],
        "expires_after.seconds",
      ],
      [
        [
          ["file", file],
          ["purpose", "x".repeat(20_000)],
        ],
        "purpose",
      ],
    ];
    for (const [parts, param] of cases) {
      const reply = await service.post(parts);
      expect([reply.status, reply.body]).toMatchObject([400, { error: { type: "invalid_request_error", param } }]);
    }
    const many = Array.from({ length: 30 }, (_, index) => [`field${index}`, "x"] as const);
    expect((await service.post([["file", file], ...many])).status).toBe(413);
    for (const [headers, body, status] of [
      [{ "content-type": "application/json" }, "{}", 415],
      [{ "content-type": "text/plain" }, "x", 415],
      [{ "content-type": "multipart/form-data" }, "x", 400],
      [formHeaders, "no form at all", 400],
      [formHeaders, "", 400],
      [formHeaders, part("file", "never ends", `; filename="a.txt"`), 400],
      [formHeaders, part("file", "x", `; filename="a.txt"`) + part("purpose", "assistants"), 400],
    ] as const) {
      const reply = await fetch(`${service.url}/v1/files`, { method: "POST", headers, body });
      expect([body, reply.status]).toEqual([body, status]);
      expect(await reply.json()).toMatchObject({ error: { type: "invalid_request_error" } });
    }
    expect(await service.get("/v1/files", formHeaders)).toMatchObject({ status: 200 });
    const form = await fetch(`${service.url}/v1/files/x`, { method: "DELETE", headers: formHeaders, body: end });
    expect(form.status).toBe(415);
    await nothingIsLeft(service);
  });

  test("V14: that is too large is refused while it arrives, and the client gets to know", async () => {
    await using service = await filesService({ limitBytes: 100_000 });
    const purpose = ["purpose", "assistants"] as const;
    const fitting = new File([Buffer.alloc(100_000)], "a.txt");
    expect((await service.post([["file", fitting], purpose])).status).toBe(200);
    const tooLarge = { status: 413, body: { error: { code: "document_too_large" } } };
    expect(await service.post([["file", new File([Buffer.alloc(100_001)], "a.txt")], purpose])).toMatchObject(tooLarge);
    // As a whole above any form that could hold such a file: refused unread.
    expect(await service.post([["file", new File([Buffer.alloc(2_000_000)], "a")], purpose])).toMatchObject(tooLarge);
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n`;
    const chunked = await sendChunked(service, chunks(head, ...Array.from({ length: 50 }, () => Buffer.alloc(60_000))));
    expect([chunked.status, await chunked.json()]).toMatchObject([413, tooLarge.body]);
    expect(await blobNames(service.directory)).toHaveLength(1);
    // The service goes on as before.
    expect((await service.post([["file", fitting], purpose])).status).toBe(200);
  });

  test("whose connection is cut half way leaves no file, and no bytes", async () => {
    await using service = await filesService();
    const head = `POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${formHeaders["content-type"]}\r\n`;
    const half = part("purpose", "assistants") + part("file", "x".repeat(100_000), `; filename="a.txt"`);
    await sendAndHangUp(service, `${head}Content-Length: 1000000\r\n\r\n${half}`);
    await nothingIsLeft(service);
    await sendAndHangUp(service, `${head}Transfer-Encoding: chunked\r\n\r\n${half.length.toString(16)}\r\n${half}\r\n`);
    await nothingIsLeft(service);
    await service.restart();
    expect(service.now.reconciled).toEqual([]);
  });

  test("V6: that the disk does not take fails with what is wrong, and once; so does a deletion", async () => {
    const disk = new FaultyFileSystem();
    await using service = await filesService({ fileSystem: disk });
    let uploads = 0;
    const lift = disk.set({
      on: "create",
      path: /staged/,
      before: () => {
        uploads += 1;
        return Promise.resolve();
      },
      fails: "ENOSPC",
    });
    const upload = (): Promise<unknown> => service.client.files.create({ file, purpose: "assistants" });
    await expect(upload()).rejects.toMatchObject({ status: 507, code: "storage_full" });
    lift();
    disk.set({ on: "sync", path: /staged/, fails: "EIO", times: 1 });
    await expect(upload()).rejects.toMatchObject({ status: 503, code: "storage_failed" });
    expect(uploads).toBe(1);
    await nothingIsLeft(service);
    const { id } = await service.client.files.create({ file, purpose: "assistants" });
    disk.set({ on: "remove", path: /blobs/, fails: "EIO", times: 1 });
    await expect(service.client.files.delete(id)).rejects.toMatchObject({ status: 503, code: "storage_failed" });
    // It is gone all the same, and its bytes follow.
    await expect(service.client.files.retrieve(id)).rejects.toMatchObject({ status: 404 });
    await service.now.files.maintain({ signal: new AbortController().signal });
    await nothingIsLeft(service);
  });
});
