import { cp, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Envelope } from "../../src/documents/envelope.js";
import { documentFileName, shardOf } from "../../src/documents/file-name.js";
import { LooseDocuments } from "../../src/documents/loose-documents.js";
import { Layout } from "../../src/files/layout.js";
import { temporaryName } from "../../src/files/temporary-name.js";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { treeOf } from "../support/directory-fingerprint.js";
import { flipByte } from "../support/flip-byte.js";
import { rejectionOf } from "../support/rejection.js";
import { temporaryFolder } from "../support/temporary-folder.js";

function envelope(id: string, sequence = 1): Envelope {
  const time = "2026-03-01T12:00:00.000Z";
  return {
    kind: "notes",
    schemaVersion: 1,
    id,
    revision: 1,
    sequence,
    createdAt: time,
    createdSequence: sequence,
    createdIndex: 0,
    updatedAt: time,
  };
}

interface Scanned {
  readonly documents: string[];
  readonly damaged: (string | undefined)[];
  readonly foreign: string[];
  readonly temporary: string[];
}

async function scan(documents: LooseDocuments): Promise<Scanned> {
  const found: Scanned = { documents: [], damaged: [], foreign: [], temporary: [] };
  await documents.scan("notes", {
    document: (document) => found.documents.push(document.envelope.id),
    damaged: (_path, id) => found.damaged.push(id),
    foreign: (path) => found.foreign.push(basename(path)),
    temporary: (path) => found.temporary.push(basename(path)),
  });
  for (const list of Object.values(found) as (string | undefined)[][]) list.sort();
  return found;
}

describe("loose documents", () => {
  test("come back, ids that differ only in case as two", async () => {
    await using folder = await temporaryFolder();
    const documents = new LooseDocuments(new FaultyFileSystem(), new Layout(folder.path));
    const ids = ["a", "A", "é", "e\u0301", "x".repeat(256), "X".repeat(256)];
    for (const [index, id] of ids.entries()) await documents.write(envelope(id, index + 1), `{"text":"${index}"}`);
    await documents.syncFolders();
    expect((await scan(documents)).documents).toEqual([...ids].sort());
    for (const [index, id] of ids.entries()) {
      expect(await documents.read("notes", id)).toEqual({
        envelope: envelope(id, index + 1),
        body: `{"text":"${index}"}`,
      });
    }
    expect(await documents.read("notes", "b")).toBeUndefined();
    expect(await documents.collections()).toEqual(["notes"]);
  });

  test("are replaced whole, and gone when removed, also twice", async () => {
    await using folder = await temporaryFolder();
    const documents = new LooseDocuments(new FaultyFileSystem(), new Layout(folder.path));
    await documents.write(envelope("a", 1), '{"text":"old"}');
    await documents.write(envelope("a", 2), '{"text":"new"}');
    expect((await documents.read("notes", "a"))?.body).toBe('{"text":"new"}');
    await documents.remove("notes", "a");
    await documents.remove("notes", "a");
    expect(await scan(documents)).toMatchObject({ documents: [], temporary: [] });
  });

  test("are private to their owner", async () => {
    await using folder = await temporaryFolder();
    const documents = new LooseDocuments(new FaultyFileSystem(), new Layout(folder.path));
    await documents.write(envelope("a"), "{}");
    for (const { kind, mode } of await treeOf(folder.path)) expect(mode).toBe(kind === "file" ? 0o600 : 0o700);
  });

  test("have durable names only when their folders have been synced, and a failed sync is tried anew", async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    const documents = new LooseDocuments(disk, new Layout(folder.path));
    await documents.write(envelope("a"), "{}");
    const lift = disk.set({ on: "syncDirectory", path: /documents\/../, fails: "EIO" });
    await expect(documents.syncFolders()).rejects.toMatchObject({ code: "EIO" });
    lift();
    const before = disk.count("syncDirectory");
    await documents.syncFolders();
    expect(disk.count("syncDirectory")).toBe(before + 1);
    await documents.syncFolders();
    expect(disk.count("syncDirectory")).toBe(before + 1);
  });
});

describe("a scan", () => {
  test("tells documents from what was damaged, left over, or is somebody else's", async () => {
    await using folder = await temporaryFolder();
    const documents = new LooseDocuments(new FaultyFileSystem(), new Layout(folder.path));
    const long = "x".repeat(256);
    for (const id of ["good", "bad", "empty", long]) await documents.write(envelope(id), "{}");
    await flipByte(documents.pathOf("notes", "bad"), 10);
    await flipByte(documents.pathOf("notes", long), 10);
    await writeFile(documents.pathOf("notes", "empty"), "");
    const shard = dirname(documents.pathOf("notes", "good"));
    await writeFile(temporaryName(join(shard, "half.json")), "{");
    await writeFile(join(shard, "README.md"), "hello");
    await writeFile(join(dirname(shard), ".DS_Store"), "hello");
    await mkdir(join(shard, "backup"));
    await mkdir(documents.pathOf("notes", "nested"), { recursive: true });
    expect(await scan(documents)).toEqual({
      documents: ["good"],
      damaged: ["bad", "empty", undefined],
      foreign: [".DS_Store", "README.md", "backup", "nested.json"],
      temporary: [expect.stringMatching(/^half\.json\.[0-9a-f]{12}\.tmp$/)],
    });
  });

  test("does not take a document that lies in another's place for it", async () => {
    await using folder = await temporaryFolder();
    const documents = new LooseDocuments(new FaultyFileSystem(), new Layout(folder.path));
    await documents.write(envelope("a"), '{"text":"a"}');
    await documents.write(envelope("b"), '{"text":"b"}');
    const [a, b] = [documents.pathOf("notes", "a"), documents.pathOf("notes", "b")];
    await rename(a, `${a}.aside`);
    await cp(b, a);
    await rename(`${a}.aside`, b);
    expect((await rejectionOf(documents.read("notes", "a"))).code).toBe("CORRUPT");
    expect(await scan(documents)).toMatchObject({ documents: [], damaged: ["a", "b"] });
  });

  test("does not take a document of another collection, or a copy in another folder, for one of this", async () => {
    await using folder = await temporaryFolder();
    const layout = new Layout(folder.path);
    const documents = new LooseDocuments(new FaultyFileSystem(), layout);
    await documents.write(envelope("a"), '{"text":"a"}');
    const other = documents.pathOf("letters", "a");
    await mkdir(dirname(other), { recursive: true });
    await cp(documents.pathOf("notes", "a"), other);
    expect((await rejectionOf(documents.read("letters", "a"))).code).toBe("CORRUPT");

    const name = documentFileName("a");
    const wrong = join(layout.documents("notes"), shardOf(name) === "00" ? "01" : "00", name);
    await mkdir(dirname(wrong), { recursive: true });
    await cp(documents.pathOf("notes", "a"), wrong);
    expect(await scan(documents)).toMatchObject({ documents: ["a"], damaged: [], foreign: [name] });
  });

  test("passes on that the disk can not be read: an outage is no absence", async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    const documents = new LooseDocuments(disk, new Layout(folder.path));
    await documents.write(envelope("a"), "{}");
    disk.set({ on: "readFile", fails: "EIO" });
    await expect(scan(documents)).rejects.toMatchObject({ code: "EIO" });
    await expect(documents.read("notes", "a")).rejects.toMatchObject({ code: "EIO" });
    expect((await readFile(documents.pathOf("notes", "a"))).length).toBeGreaterThan(0);
  });
});
