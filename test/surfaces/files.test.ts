import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { HoldfastError } from "../../src/errors.js";
import { safeName, shardOf } from "../../src/files/safe-name.js";
import { Files, filesCollection } from "../../src/surfaces/files/index.js";
import { bytesOf, pieces, silentAfter } from "../blobs/blobs-under-test.js";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { hourMs, ManualClock } from "../support/manual-clock.js";
import { rejectionOf } from "../support/rejection.js";
import { blobNames, filesUnderTest, inconsistencies, textOf } from "./files-under-test.js";

const details = { filename: "notes.txt", purpose: "assistants" } as const;
const never = new AbortController().signal;

describe("files", () => {
  test("V5: are uploaded, listed, read and deleted, and are the same after a restart", async () => {
    await using under = await filesUnderTest();
    const stored = await under.now.files.upload(pieces("hello ", "world"), details);
    expect(stored.id).toMatch(/^file-[0-9a-f]{24}$/);
    expect(stored.body.file).toEqual({
      id: stored.id,
      object: "file",
      bytes: 11,
      created_at: expect.any(Number) as number,
      filename: "notes.txt",
      purpose: "assistants",
      status: "processed",
      sha256: createHash("sha256").update("hello world").digest("hex"),
    });
    const { files, reconciled } = await under.reopen();
    expect(reconciled).toEqual([]);
    expect(await files.get(stored.id)).toEqual(stored);
    expect(await textOf(files, stored.id)).toBe("hello world");
    const part = await files.content(stored.id, { range: { first: 6, last: 8 } });
    expect(String(await bytesOf(part?.bytes))).toBe("wor");
    expect(await files.delete(stored.id)).toBe(true);
    expect(await files.delete(stored.id)).toBe(false);
    expect(await files.get(stored.id)).toBeUndefined();
    expect(await files.content(stored.id)).toBeUndefined();
    expect(await inconsistencies(under.now)).toEqual([]);
    expect(await blobNames(under.directory)).toEqual([]);
  });

  test("V15: what is wrong with an upload is found before a byte is taken, all of it at once", async () => {
    await using under = await filesUnderTest({ formats: [".TXT", ".md"] });
    const { files } = under.now;
    let asked = 0;
    async function* bytes(): AsyncGenerator<Uint8Array, void, void> {
      asked += 1;
      yield* pieces("x");
    }
    const wrong = { filename: "a\u0000b.exe", purpose: "fun", expires_after: { anchor: "now", seconds: 5 } };
    for (const afterBytes of [undefined, () => Promise.resolve({})]) {
      const failed = await rejectionOf(files.upload(bytes(), { ...wrong, ...(afterBytes && { afterBytes }) }));
      expect(failed.code).toBe("INVALID_DOCUMENT");
      expect(failed.problems.map(({ path }) => path)).toEqual([
        "/filename",
        "/filename",
        "/purpose",
        "/expires_after/anchor",
        "/expires_after/seconds",
      ]);
    }
    for (const filename of ["", "folder/", "..", ".", "x".repeat(252) + ".txt", "half\ud800.txt", "new\nline.md", 7]) {
      const failed = await rejectionOf(files.upload(bytes(), { ...details, filename }));
      expect([failed.code, failed.problems[0]?.path]).toEqual(["INVALID_DOCUMENT", "/filename"]);
    }
    expect((await rejectionOf(files.upload(bytes(), { filename: "a.txt" }))).problems).toMatchObject([
      { path: "/purpose" },
    ]);
    expect(asked).toBe(0);
    for (const [given, kept] of [
      ["C:\\Users\\me\\notes.TXT", "notes.TXT"],
      ["../../etc/passwd.md", "passwd.md"],
      [`${"é".repeat(252)}.md`, `${"é".repeat(252)}.md`],
    ]) {
      const { body } = await files.upload(Buffer.from("x"), { ...details, filename: given });
      expect(body.file.filename).toBe(kept);
    }
  });

  test("what follows the bytes is checked once it is known, and then nothing is left of them", async () => {
    await using under = await filesUnderTest();
    const { files } = under.now;
    const late = (purpose: unknown): Promise<unknown> =>
      files.upload(pieces("x"), { filename: "a.txt", afterBytes: () => Promise.resolve({ purpose }) });
    expect((await rejectionOf(late("fun"))).code).toBe("INVALID_DOCUMENT");
    expect((await rejectionOf(late(undefined))).code).toBe("INVALID_DOCUMENT");
    const cut = new Error("cut off");
    const failing = files.upload(pieces("x"), { ...details, afterBytes: () => Promise.reject(cut) });
    await expect(failing).rejects.toBe(cut);
    expect(await blobNames(under.directory)).toEqual([]);
    await late("batch");
    expect((await files.list()).files).toMatchObject([{ body: { file: { purpose: "batch" } } }]);
  });

  test("V14: the size limit is enforced while the bytes arrive", async () => {
    await using under = await filesUnderTest({ limitBytes: 10 });
    const { files } = under.now;
    const failed = await rejectionOf(files.upload(pieces("0123456789", "x"), details));
    expect([failed.code, failed.details["limitBytes"]]).toEqual(["DOCUMENT_TOO_LARGE", 10]);
    expect(await blobNames(under.directory)).toEqual([]);
    await files.upload(pieces("0123456789"), details);
    await files.upload(pieces(), details);
    expect((await files.list()).files.map(({ body }) => body.file.bytes)).toEqual([0, 10]);
  });

  test("V13: are listed in a stable order, in pages of any size, and by purpose", async () => {
    await using under = await filesUnderTest();
    const { files } = under.now;
    const ids: string[] = [];
    for (let number = 0; number < 7; number += 1) {
      const purpose = number % 2 === 0 ? "batch" : "vision";
      ids.push((await files.upload(pieces(String(number)), { filename: `${number}.txt`, purpose })).id);
    }
    for (const order of ["asc", "desc"] as const) {
      for (const limit of [1, 2, 7, 10_000]) {
        const walked: string[] = [];
        for (let after: string | undefined; ;) {
          const page = await files.list({ order, limit, ...(after === undefined ? {} : { after }) });
          walked.push(...page.files.map(({ id }) => id));
          after = walked.at(-1);
          if (!page.hasMore) break;
        }
        expect(walked).toEqual(order === "asc" ? ids : [...ids].reverse());
      }
    }
    const vision = await files.list({ purpose: "vision", order: "asc", limit: 2 });
    expect([vision.files.map(({ id }) => id), vision.hasMore]).toEqual([[ids[1], ids[3]], true]);
    await files.delete(ids[4] ?? "");
    const rest = await files.list({ order: "asc", after: ids[3] ?? "" });
    expect([rest.files.map(({ id }) => id), rest.hasMore]).toEqual([[ids[5], ids[6]], false]);
    expect((await rejectionOf(files.list({ after: ids[4] ?? "" }))).code).toBe("INVALID_CURSOR");
    for (const limit of [0, 10_001, 1.5]) {
      expect((await rejectionOf(files.list({ limit }))).code).toBe("INVALID_CONFIG");
    }
  });

  test("are seen by their owner, and by whoever names none", async () => {
    await using under = await filesUnderTest();
    const { files } = under.now;
    const { id } = await files.upload(pieces("a"), { ...details, owner: "alice" });
    await files.upload(pieces("b"), { ...details, owner: "bob" });
    await files.upload(pieces("c"), details);
    expect((await files.list({ owner: "alice" })).files.map((stored) => stored.id)).toEqual([id]);
    expect((await files.list()).files).toHaveLength(3);
    expect(await files.get(id, { owner: "bob" })).toBeUndefined();
    expect(await files.content(id, { owner: "bob" })).toBeUndefined();
    expect(await files.delete(id, { owner: "bob" })).toBe(false);
    expect((await rejectionOf(files.list({ owner: "bob", after: id }))).code).toBe("INVALID_CURSOR");
    expect(await files.delete(id, { owner: "alice" })).toBe(true);
  });

  test("V14: expire when they said they would: hidden at once, removed with their bytes by the upkeep", async () => {
    const clock = new ManualClock();
    await using under = await filesUnderTest({ clock, now: () => clock.now() });
    const { files } = under.now;
    const expires_after = { anchor: "created_at", seconds: 3_600 };
    const { id, body } = await files.upload(pieces("x"), { ...details, expires_after });
    expect(body.file.expires_at).toBe(body.file.created_at + 3_600);
    const kept = await files.upload(pieces("y"), details);
    const longer = await files.upload(pieces("z"), {
      ...details,
      expires_after: { ...expires_after, seconds: 90_000 },
    });
    clock.pass(hourMs - 1);
    await files.maintain({ signal: never });
    expect(await textOf(files, id)).toBe("x");
    clock.pass(1);
    expect(await files.get(id)).toBeUndefined();
    expect(await files.content(id)).toBeUndefined();
    expect(await files.delete(id)).toBe(false);
    expect((await files.list()).files.map((stored) => stored.id)).toEqual([longer.id, kept.id]);
    expect(await blobNames(under.directory)).toHaveLength(3);
    await files.maintain({ signal: never });
    expect(await blobNames(under.directory)).toEqual([longer.id, kept.id].sort());
    clock.pass(48 * hourMs);
    await files.maintain({ signal: never });
    expect(await blobNames(under.directory)).toEqual([kept.id]);
    expect(await inconsistencies(under.now)).toEqual([]);
  });

  test("an upload that is repeated under one key makes one file, and another request under it none", async () => {
    await using under = await filesUnderTest();
    const idempotency = { scope: ["POST /v1/files", "", "the-key"] };
    const upload = (text: string): Promise<{ readonly id: string }> =>
      under.now.files.upload(pieces(text), { ...details, idempotency });
    const [first, second] = await Promise.all([upload("x"), upload("x")]);
    await under.reopen();
    const third = await upload("x");
    expect([second.id, third.id]).toEqual([first.id, first.id]);
    expect((await rejectionOf(upload("y"))).code).toBe("INVALID_DOCUMENT");
    expect(await blobNames(under.directory)).toEqual([first.id]);
    await under.now.files.upload(pieces("x"), details);
    expect((await under.now.files.list()).files).toHaveLength(2);
    expect(await inconsistencies(under.now)).toEqual([]);
  });

  test("V9: a rule runs in the transaction that removes a file, and can prevent it", async () => {
    await using under = await filesUnderTest();
    const { files, store } = under.now;
    const { id } = await files.upload(pieces("x"), details);
    const other = await files.upload(pieces("y"), details);
    let isForbidden = true;
    files.onDelete(async (transaction, file, deletesOnly) => {
      if (isForbidden) throw new Error("still in use");
      expect([file, deletesOnly]).toEqual([id, false]);
      await transaction.collection(filesCollection).update(other.id, (body) => ({ ...body, detached: file }));
    });
    await expect(files.delete(id)).rejects.toThrow("still in use");
    expect(await textOf(files, id)).toBe("x");
    isForbidden = false;
    await files.delete(id);
    expect((await store.collection(filesCollection).get(other.id))?.body).toMatchObject({ detached: id });
  });

  test("a whole read of damaged bytes fails short of its end", async () => {
    await using under = await filesUnderTest();
    const { files } = under.now;
    for (const size of [1, 200_000]) {
      const { id } = await files.upload(pieces(Buffer.alloc(size, "a")), details);
      const path = join(under.directory, "blobs", shardOf(safeName(id)), safeName(id));
      const bytes = await readFile(path);
      bytes.writeUInt8(bytes.readUInt8(size >> 1) ^ 1, size >> 1);
      await writeFile(path, bytes);
      const content = await files.content(id);
      let read = 0;
      const reading = (async () => {
        for await (const chunk of content?.bytes as AsyncIterable<Uint8Array>) read += chunk.length;
      })();
      expect((await rejectionOf(reading)).code).toBe("CORRUPT");
      expect(read).toBeLessThan(size);
    }
  });

  test("closing ends the uploads under way, and leaves nothing of them", async () => {
    await using under = await filesUnderTest();
    const failed = rejectionOf(under.now.files.upload(silentAfter("x"), details));
    await under.reopen();
    expect((await failed).code).toBe("CLOSED");
    expect(under.now.reconciled).toEqual([]);
    expect(await blobNames(under.directory)).toEqual([]);
    // Its bytes are there, and what should follow them does not come.
    let hasBytes = (): void => undefined;
    const bytesTaken = new Promise<void>((resolve) => {
      hasBytes = resolve;
    });
    const afterBytes = (): Promise<never> => {
      hasBytes();
      return new Promise(() => undefined);
    };
    const stalled = rejectionOf(under.now.files.upload(pieces("x"), { filename: "a.txt", afterBytes }));
    await bytesTaken;
    await under.reopen();
    expect((await stalled).code).toBe("CLOSED");
    expect(await blobNames(under.directory)).toEqual([]);
    const abort = new AbortController();
    const aborted = under.now.files.upload(silentAfter("x"), { ...details, signal: abort.signal });
    abort.abort(new Error("no longer wanted"));
    await expect(aborted).rejects.toThrow("no longer wanted");
    await under.now.files.close();
    expect((await rejectionOf(under.now.files.upload(pieces("x"), details))).code).toBe("CLOSED");
  });

  test("a full disk refuses uploads whole, and takes deletions, which make room", async () => {
    const disk = new FaultyFileSystem();
    await using under = await filesUnderTest({ fileSystem: disk });
    const { files } = under.now;
    const { id } = await files.upload(pieces(Buffer.alloc(100_000)), details);
    disk.spaceLeft = 50_000;
    expect((await rejectionOf(files.upload(pieces(Buffer.alloc(100_000)), details))).code).toBe("STORAGE_FULL");
    disk.spaceLeft = 0;
    expect((await rejectionOf(files.upload(pieces("x"), details))).code).toBe("STORAGE_FULL");
    expect((await bytesOf((await files.content(id))?.bytes)).length).toBe(100_000);
    expect(await files.delete(id)).toBe(true);
    expect(disk.spaceLeft).toBe(100_000);
    expect(await inconsistencies(under.now)).toEqual([]);
    await files.upload(pieces(Buffer.alloc(50_000)), details);
  });

  test("when the record can not be written, no bytes stay behind", async () => {
    await using under = await filesUnderTest();
    const { store, blobs } = under.now;
    const refusing = new Files({ ...faceOf(store), transaction: () => Promise.reject(fullDisk()) }, blobs);
    await expect(refusing.upload(pieces("x"), details)).rejects.toThrow("full");
    expect(await blobNames(under.directory)).toEqual([]);
  });
});

function faceOf(store: Parameters<typeof inconsistencies>[0]["store"]): ConstructorParameters<typeof Files>[0] {
  return {
    collection: (definition) => store.collection(definition),
    transaction: (work) => store.transaction(work),
    changes: (options) => store.changes(options),
    lastSequence: store.lastSequence,
  };
}

function fullDisk(): HoldfastError {
  return new HoldfastError("STORAGE_FULL", "the disk is full");
}
