import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { safeName, shardOf } from "../../src/files/safe-name.js";
import { rejectionOf } from "../support/rejection.js";
import { blobsUnderTest, bytesOf, listed, pieces } from "./blobs-under-test.js";

const large = Buffer.alloc(300_000, "0123456789");

describe("blobs", () => {
  test("are written, looked at, read, listed and removed", async () => {
    await using under = await blobsUnderTest();
    const { blobs } = under;
    const sha256 = createHash("sha256").update(large).digest("hex");
    const written = await blobs.write("file-1", pieces(large.subarray(0, 100_001), large.subarray(100_001)));
    expect(written).toEqual({ id: "file-1", size: large.length, sha256 });
    await blobs.write("file-empty", pieces());
    const reader = under.another("reader");
    expect(await reader.stat("file-1")).toEqual({ id: "file-1", size: large.length });
    expect((await bytesOf(await reader.read("file-1"))).equals(large)).toBe(true);
    expect(await bytesOf(await reader.read("file-empty"))).toEqual(Buffer.alloc(0));
    expect(await listed(reader)).toEqual([
      { id: "file-1", size: large.length },
      { id: "file-empty", size: 0 },
    ]);
    expect(await blobs.remove("file-1")).toBe(true);
    expect(await blobs.remove("file-1")).toBe(false);
    expect(await blobs.stat("file-1")).toBeUndefined();
    expect(await blobs.read("file-1")).toBeUndefined();
    expect(await blobs.remove("never-was")).toBe(false);
  });

  test("lie in a folder by their name's checksum, for their owner's eyes only", async () => {
    await using under = await blobsUnderTest();
    await under.blobs.write("File 1", pieces("x"));
    expect(await under.fileNames()).toEqual([`${shardOf("%46ile%201")}/%46ile%201`]);
    const path = join(under.layout.blobs, shardOf(safeName("File 1")), safeName("File 1"));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    for (const folder of [dirname(path), under.layout.blobs]) expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  test("are found by ids that differ only in case, and by none that leaves the folder", async () => {
    await using under = await blobsUnderTest();
    const { blobs } = under;
    await blobs.write("file-a", pieces("small"));
    await blobs.write("FILE-A", pieces("LARGE"));
    expect(String(await bytesOf(await blobs.read("file-a")))).toBe("small");
    expect(String(await bytesOf(await blobs.read("FILE-A")))).toBe("LARGE");
    for (const id of ["../x", "a/b", "a\\b", "..", ".", "", "a\0b", "x".repeat(257), "x".repeat(181), "é".repeat(31)]) {
      expect((await rejectionOf(blobs.write(id, pieces("x")))).code).toBe("INVALID_ID");
      expect((await rejectionOf(blobs.read(id))).code).toBe("INVALID_ID");
      expect((await rejectionOf(blobs.remove(id))).code).toBe("INVALID_ID");
    }
    expect(await under.fileNames()).toHaveLength(2);
  });

  test("are read in part", async () => {
    await using under = await blobsUnderTest();
    const { blobs } = under;
    await blobs.write("file-1", pieces(large));
    for (const [first, last] of [
      [0, 0],
      [1, 9],
      [65_535, 65_537],
      [0, large.length - 1],
      [large.length - 1, large.length - 1],
    ] as const) {
      expect((await bytesOf(await blobs.read("file-1", { first, last }))).equals(large.subarray(first, last + 1))).toBe(
        true,
      );
    }
    for (const range of [
      { first: 0, last: large.length },
      { first: 5, last: 4 },
      { first: -1, last: 4 },
      { first: 0.5, last: 4 },
    ]) {
      expect((await rejectionOf(blobs.read("file-1", range))).code).toBe("INVALID_CONFIG");
    }
  });

  test("stay readable while they are being read, though they are removed", async () => {
    await using under = await blobsUnderTest();
    const { blobs } = under;
    await blobs.write("file-1", pieces(large));
    const stream = await blobs.read("file-1");
    await blobs.remove("file-1");
    expect((await bytesOf(stream)).equals(large)).toBe(true);
    expect(await under.fileNames()).toEqual([]);
  });

  test("are written once: of several under one id, one wins and the others leave nothing", async () => {
    await using under = await blobsUnderTest();
    const { blobs } = under;
    const attempts = ["one", "two", "three"].map((text) => blobs.write("file-1", pieces(text)));
    const outcomes = await Promise.allSettled(attempts);
    const won = outcomes.filter(({ status }) => status === "fulfilled");
    expect(won).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "ALREADY_EXISTS" });
    }
    expect(await under.fileNames()).toHaveLength(1);
    const stored = createHash("sha256")
      .update(await bytesOf(await blobs.read("file-1")))
      .digest("hex");
    expect(won).toMatchObject([{ value: { sha256: stored } }]);
    expect((await rejectionOf(blobs.write("file-1", pieces("four")))).code).toBe("ALREADY_EXISTS");
  });

  test("are set aside with a note of where they came from", async () => {
    await using under = await blobsUnderTest();
    const { blobs } = under;
    await blobs.write("file-1", pieces("what is it?"));
    const place = await blobs.quarantine("file-1", "file-without-record");
    expect(await blobs.stat("file-1")).toBeUndefined();
    expect(place).toMatch(/^quarantine\/.+-file-without-record\/file-1$/);
    expect(await readFile(join(under.layout.root, place), "utf8")).toBe("what is it?");
    const about = JSON.parse(await readFile(join(under.layout.root, dirname(place), "about.json"), "utf8")) as unknown;
    expect(about).toMatchObject({ from: `blobs/${shardOf("file-1")}/file-1`, why: "file-without-record" });
  });

  test("are refused by a reader, and by what has been closed", async () => {
    await using under = await blobsUnderTest();
    await under.blobs.write("file-1", pieces("x"));
    const reader = under.another("reader");
    for (const attempt of [
      () => reader.write("file-2", pieces("x")),
      () => reader.remove("file-1"),
      () => reader.quarantine("file-1", "why"),
      () => reader.tidy(),
    ]) {
      expect((await rejectionOf(attempt())).code).toBe("READ_ONLY");
    }
    await under.blobs.close();
    await under.blobs.close();
    for (const attempt of [
      () => under.blobs.write("file-2", pieces("x")),
      () => under.blobs.read("file-1"),
      () => under.blobs.stat("file-1"),
      () => under.blobs.remove("file-1"),
      () => listed(under.blobs),
    ]) {
      expect((await rejectionOf(attempt())).code).toBe("CLOSED");
    }
    expect(await under.fileNames()).toHaveLength(1);
  });
});
