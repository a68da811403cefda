import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineCollection, type Store } from "../../src/collections/index.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { openStateDirectory, type StateDirectory } from "../../src/open-state-directory.js";
import { Conversations } from "../../src/surfaces/conversations/index.js";
import { FileOutput } from "../../src/transfer/export-output.js";
import { exportStateDirectory } from "../../src/transfer/export-state.js";
import { fileBytes } from "../../src/transfer/file-bytes.js";
import { importExport } from "../../src/transfer/import-export.js";
import { importMarks } from "../../src/surfaces/imports/index.js";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { allOf, notes } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";
import { StateProcess } from "../support/state-process.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { diesAfter } from "../surfaces/store-under-test.js";
import { response } from "../surfaces/samples.js";
import { exportTo, importing, linesIn, targetOf } from "./transfer.js";

async function filled(folder: StateFolder): Promise<StateDirectory> {
  const state = await folder.open();
  await state.conversations.create({ id: "conv_1", items: "hello" });
  await state.responses.record({ response: response("resp_1"), input: "a question", conversation: "conv_1" });
  await state.responses.record({
    response: response("resp_2", { previous_response_id: "resp_1" }),
    input: "another one",
    conversation: "conv_1",
  });
  for (const id of ["z", "Ünï Code", "a", "m"]) await state.collection(notes).put(id, { text: `note ${id}`, tag: "t" });
  await state.collection(notes).put("a", { text: "a second version" });
  await state.collection(notes).put("expiring", { text: "x" }, { expiresAt: "2100-01-01T00:00:00.000Z" });
  await state.collection(notes).put("expired", { text: "x" }, { expiresAt: "2001-01-01T00:00:00.000Z" });
  return state;
}

/** Everything of a store that an export carries. */
async function contentOf(store: Store): Promise<unknown> {
  const { documents } = await store.collection(notes).list({ limit: 1_000 });
  const conversations = new Conversations(store);
  return {
    notes: documents.map(({ id, body, expiresAt }) => ({ id, body, expiresAt })),
    items: (await conversations.items("conv_1", { order: "asc" })).items,
    conversation: (await conversations.get("conv_1"))?.body,
  };
}

describe("an export", () => {
  test("is lines of JSON: a header, the documents in order, and a trailer that accounts for them", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const state = await filled(folder);
    const { path, lines, ...report } = await exportTo(elsewhere, folder.directory);
    expect(lines[0]).toMatchObject({
      format: "holdfast-export",
      version: 1,
      storeId: state.storeId,
      sequence: state.lastSequence,
      whole: true,
      files: false,
    });
    const documents = lines.slice(1, -1);
    expect(documents.filter(({ collection }) => collection === "notes").map(({ id }) => id)).toEqual([
      "z",
      "Ünï Code",
      "a",
      "m",
      "expiring",
    ]);
    const collections = documents.map(({ collection }) => collection);
    expect(collections).toEqual([...collections].sort());
    const a = await state.collection(notes).get("a");
    expect(documents).toContainEqual({ collection: "notes", schemaVersion: 1, ...a });
    const text = await readFile(path, "utf8");
    const before = text.slice(0, text.lastIndexOf("\n", text.length - 2) + 1);
    expect(lines.at(-1)).toEqual({
      end: lines.length - 1,
      documents: report.documents,
      blobs: 0,
      sha256: createHash("sha256").update(before).digest("hex"),
    });
    expect(report.expired).toBe(1);
    expect(await readdir(elsewhere.path)).toEqual(["export.jsonl"]);
  });

  test("of some collections has those, and refuses one that is not there", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    await filled(folder);
    const { lines } = await exportTo(elsewhere, folder.directory, { collections: ["notes"] });
    expect(lines[0]).toMatchObject({ collections: ["notes"], whole: false });
    expect(new Set(lines.slice(1, -1).map(({ collection }) => collection))).toEqual(new Set(["notes"]));
    const wrong = exportTo(elsewhere, folder.directory, { collections: ["nots"], name: "wrong.jsonl" });
    expect(await rejectionOf(wrong)).toMatchObject({ code: "NOT_FOUND" });
    expect(await readdir(elsewhere.path)).toEqual(["export.jsonl"]);
  });

  test("into a file is there whole or not at all, and replaces none unless asked", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    await filled(folder);
    const disk = new FaultyFileSystem();
    const path = elsewhere.at("export.jsonl");
    disk.spaceLeft = 4_000;
    const attempt = exportStateDirectory({
      directory: folder.directory,
      output: await FileOutput.begin(disk, path, false),
      spoolFolder: elsewhere.path,
      environment: { fileSystem: disk },
    });
    expect(await rejectionOf(attempt)).toMatchObject({ code: "STORAGE_FULL" });
    expect(await readdir(elsewhere.path)).toEqual([]);

    await writeFile(path, "mine");
    expect(await rejectionOf(FileOutput.begin(nodeFileSystem, path, false))).toMatchObject({ code: "ALREADY_EXISTS" });
    await exportStateDirectory({
      directory: folder.directory,
      output: await FileOutput.begin(nodeFileSystem, path, true),
      spoolFolder: elsewhere.path,
    });
    expect((await linesIn(path))[0]).toMatchObject({ format: "holdfast-export" });
  });

  test("beside a process that writes is of one commit", async () => {
    await using folder = await temporaryFolder();
    const directory = folder.at("state");
    await using writer = await StateProcess.open({
      directory,
      checkpointBytes: 64 * 1024,
      firstSegmentBytes: 64 * 1024,
      segmentBytes: 64 * 1024,
      journalRetainBytes: 0,
    });
    await writer.do({ insert: { prefix: "early", count: 200, bytes: 300 } });
    await writer.do({ loopInsert: { prefix: "loop", atOnce: 16, bytes: 300 } });
    await writer.do({ loopPairs: { left: "left", right: "right" } });
    await writer.event(({ id = "" }) => id.startsWith("loop-50"));
    const { lines, sequence } = await exportTo(folder, directory, { collections: ["entries"] });
    await writer.event((event) => (event.sequence ?? 0) > sequence);
    await writer.do({ stop: true });
    const exported = new Map(lines.slice(1, -1).map(({ id, body }) => [id, body]));
    expect(exported.get("left")).toEqual(exported.get("right"));
    for (const event of writer.events) {
      if (event.event !== "acknowledged") continue;
      expect(exported.has(event.id ?? "")).toBe((event.sequence ?? 0) <= sequence);
    }
  });
});

describe("an import", () => {
  test("brings every document of an export back, in order", async () => {
    await using folder = await stateFolder();
    await using other = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const state = await filled(folder);
    const { path } = await exportTo(elsewhere, folder.directory);
    const copy = await other.open();
    const report = await importExport(path, targetOf(copy), importing());
    expect(report).toMatchObject({ dryRun: false, resumed: false, skipped: 0, expired: 0 });
    expect(report.written).toMatchObject({ notes: 5, responses: 2, conversations: 1 });
    expect(report.leftOut["startup_transitions"]).toBeGreaterThan(0);
    expect(await contentOf(copy)).toEqual(await contentOf(state));
    const chain = await copy.responses.chain("resp_2");
    expect(chain.responses.map(({ body }) => body)).toEqual(
      (await state.responses.chain("resp_2")).responses.map(({ body }) => body),
    );
    expect(await copy.collection(importMarks).count()).toBe(0);
    // And what is exported of it is the same, but for what the new store counts.
    const again = await exportTo(elsewhere, other.directory, { name: "again.jsonl" });
    const bare = (lines: readonly Readonly<Record<string, unknown>>[]): unknown[] =>
      lines
        .slice(1, -1)
        .filter(({ collection }) => collection !== "startup_transitions")
        .map(({ collection, id, body, expiresAt, schemaVersion }) => ({
          collection,
          id,
          body,
          expiresAt,
          schemaVersion,
        }));
    expect(bare(again.lines)).toEqual(bare(await linesIn(path)));
  });

  test("dry, says what it would do, and does nothing", async () => {
    await using folder = await stateFolder();
    await using other = await stateFolder();
    await using elsewhere = await temporaryFolder();
    await filled(folder);
    const { path } = await exportTo(elsewhere, folder.directory);
    const copy = await other.open();
    const dry = await importExport(path, targetOf(copy), importing({ dryRun: true }));
    for (const collection of [notes, importMarks]) expect(await copy.collection<unknown>(collection).count()).toBe(0);
    const wet = await importExport(path, targetOf(copy), importing());
    expect(dry).toEqual({ ...wet, dryRun: true });
  });

  test("refuses ids that are taken, unless told what to do about them", async () => {
    await using folder = await stateFolder();
    await using other = await stateFolder();
    await using elsewhere = await temporaryFolder();
    await filled(folder);
    const { path } = await exportTo(elsewhere, folder.directory, { collections: ["notes"] });
    const copy = await other.open();
    await copy.collection(notes).put("a", { text: "was here before" });
    const refused = await rejectionOf(importExport(path, targetOf(copy), importing()));
    expect(refused).toMatchObject({ code: "ALREADY_EXISTS", details: { count: 1, ids: ["notes/a"] } });
    expect([...(await allOf(copy.collection(notes))).keys()]).toEqual(["a"]);
    const skipping = await importExport(path, targetOf(copy), importing({ existing: "skip" }));
    expect(skipping).toMatchObject({ written: { notes: 4 }, skipped: 1 });
    expect((await copy.collection(notes).get("a"))?.body.text).toBe("was here before");
    const replacing = await importExport(path, targetOf(copy), importing({ existing: "replace" }));
    expect(replacing).toMatchObject({ written: { notes: 5 }, skipped: 0 });
    expect((await copy.collection(notes).get("a"))?.body.text).toBe("a second version");
  });

  test("that was cut short goes on with the same input", async () => {
    await using folder = await stateFolder();
    await using other = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const state = await folder.open();
    await state.transaction(async (transaction) => {
      const collection = transaction.collection(notes);
      for (let number = 0; number < 500; number += 1) await collection.put(`note ${number}`, { text: String(number) });
    });
    const { path } = await exportTo(elsewhere, folder.directory);
    let copy = await other.open();
    // Two of three transactions, and then the process is gone.
    const dying = importExport(path, { ...targetOf(copy), store: diesAfter(copy, 2) }, importing());
    await expect(dying).rejects.toThrow("the process died here");
    expect((await allOf(copy.collection(notes))).size).toBe(400);
    await copy.close();
    copy = await other.open();
    const resumed = await importExport(path, targetOf(copy), importing());
    expect(resumed).toMatchObject({ resumed: true, skipped: 400, written: { notes: 100 } });
    expect([...(await allOf(copy.collection(notes))).keys()]).toEqual([
      ...(await allOf(state.collection(notes))).keys(),
    ]);
    expect(await rejectionOf(importExport(path, targetOf(copy), importing()))).toMatchObject({
      code: "ALREADY_EXISTS",
    });
  });

  test("refuses an export that was cut off or changed, at every line, and writes nothing", async () => {
    await using folder = await stateFolder();
    await using other = await stateFolder();
    await using elsewhere = await temporaryFolder();
    await filled(folder);
    const { path } = await exportTo(elsewhere, folder.directory);
    const text = await readFile(path, "utf8");
    const lines = text.split("\n").slice(0, -1);
    const copy = await other.open();
    const broken = elsewhere.at("broken.jsonl");
    for (let count = 1; count < lines.length; count += 1) {
      await writeFile(broken, `${lines.slice(0, count).join("\n")}\n`);
      expect(await rejectionOf(importExport(broken, targetOf(copy), importing()))).toMatchObject({ code: "CORRUPT" });
      await writeFile(broken, `${lines.toSpliced(count, 1).join("\n")}\n`);
      expect(await rejectionOf(importExport(broken, targetOf(copy), importing()))).toMatchObject({ code: "CORRUPT" });
    }
    await writeFile(broken, text.replace("a second version", "a sekond version"));
    expect(await rejectionOf(importExport(broken, targetOf(copy), importing()))).toMatchObject({ code: "CORRUPT" });
    expect(await copy.collection(notes).count()).toBe(0);
    expect(await copy.collection(importMarks).count()).toBe(0);
  });

  test("lists everything that is wrong, with its line", async () => {
    await using other = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const head = { revision: 1, sequence: 1, createdAt: "x", updatedAt: "x", schemaVersion: 1 };
    const header = {
      format: "holdfast-export",
      version: 1,
      storeId: "s",
      sequence: 1,
      exportedAt: "x",
      createdBy: "x",
      collections: [],
      whole: true,
      files: false,
    };
    const lines = [
      header,
      { collection: "notes", id: "../x", ...head, body: { text: "x" } },
      { collection: "notes", id: "y", ...head, body: { text: 7 } },
      { collection: "No Name", id: "y", ...head, body: {} },
      { collection: "notes", id: "new", ...head, schemaVersion: 2, body: {} },
      { collection: "others", id: "o1", ...head, schemaVersion: 2, body: {} },
      { collection: "others", id: "o2", ...head, schemaVersion: 1, body: {} },
      { collection: "notes", id: "twice", ...head, body: { text: "x" } },
      { collection: "notes", id: "twice", ...head, body: { text: "x" } },
      { collection: "notes" },
    ].map((line) => `${JSON.stringify(line)}\n`);
    lines.push("{not json\n");
    const sha256 = createHash("sha256").update(lines.join("")).digest("hex");
    const documents = { notes: 5, others: 2, "No Name": 1 };
    lines.push(`${JSON.stringify({ end: lines.length, documents, blobs: 0, sha256 })}\n`);
    await writeFile(elsewhere.at("wrong.jsonl"), lines.join(""));
    const copy = await other.open();
    const error = await rejectionOf(importExport(elsewhere.at("wrong.jsonl"), targetOf(copy), importing()));
    expect(error.code).toBe("INVALID_DOCUMENT");
    const paths = error.problems.map(({ path }) => path);
    for (const path of [
      "/lines/2/id",
      "/lines/3/text",
      "/lines/4/name",
      "/lines/5",
      "/lines/7",
      "/lines/9/id",
      "/lines/10/id",
      "/lines/11",
    ]) {
      expect(paths).toContain(path);
    }
    await writeFile(elsewhere.at("newer.jsonl"), `${JSON.stringify({ ...header, version: 2 })}\n`);
    const newer = importExport(elsewhere.at("newer.jsonl"), targetOf(copy), importing());
    expect(await rejectionOf(newer)).toMatchObject({ code: "UNSUPPORTED_FORMAT" });
    await writeFile(elsewhere.at("other.jsonl"), `{"key":"sr:response:resp_1"}\n`);
    const foreign = importExport(elsewhere.at("other.jsonl"), targetOf(copy), importing());
    expect((await rejectionOf(foreign)).message).toMatch(/--from/);
  });

  test("carries the bytes of files, each before the document that names it", async () => {
    await using folder = await stateFolder();
    await using other = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const state = await folder.open();
    const contents = ["", "short", "x".repeat(500_000)];
    const ids: string[] = [];
    for (const [index, content] of contents.entries()) {
      const bytes = Readable.from([Buffer.from(content)]);
      ids.push((await state.files.upload(bytes, { filename: `${index}.txt`, purpose: "user_data" })).id);
    }
    const bare = await exportTo(elsewhere, folder.directory, { name: "bare.jsonl" });
    expect(bare).toMatchObject({ blobs: 0, documents: { files: 3 } });
    const { path, lines, blobs } = await exportTo(elsewhere, folder.directory, { files: fileBytes });
    expect(blobs).toBe(3);
    expect(lines.findLastIndex((line) => "blob" in line)).toBeLessThan(lines.findIndex((line) => "collection" in line));

    const copy = await other.open();
    expect(await rejectionOf(importExport(path, targetOf(copy), importing()))).toMatchObject({
      code: "INVALID_DOCUMENT",
    });
    const report = await importExport(path, targetOf(copy, copy.blobs), importing());
    expect(report).toMatchObject({ blobs: 3, written: { files: 3 } });
    for (const [index, id] of ids.entries()) {
      const chunks: Buffer[] = [];
      for await (const chunk of (await copy.blobs.read(id)) ?? []) chunks.push(chunk as Buffer);
      expect(Buffer.concat(chunks).toString()).toBe(contents[index]);
    }
    await copy.close();
    const again = await other.open();
    expect(again.recovery.reconciled).toEqual([]);

    // One byte of a piece is different.
    const broken = elsewhere.at("broken.jsonl");
    const text = await readFile(path, "utf8");
    await writeFile(
      broken,
      text.replace(Buffer.from("short").toString("base64"), Buffer.from("shirt").toString("base64")),
    );
    const target = targetOf(again, again.blobs);
    expect((await rejectionOf(importExport(broken, target, importing({ existing: "replace" })))).code).toMatch(
      /CORRUPT|INVALID_DOCUMENT/,
    );
  });

  test("migrates what an older program wrote, and keeps the version of what it does not know", async () => {
    await using folder = await stateFolder();
    await using other = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const state = await folder.open();
    await state.collection(notes).put("n", { text: "old" });
    const plans = defineCollection({
      name: "plans",
      schema: z.unknown(),
      version: 3,
      migrations: { 1: (body) => body, 2: (body) => body },
    });
    await state.collection(plans).put("p", { any: "thing" });
    const { path } = await exportTo(elsewhere, folder.directory);
    const newer = defineCollection({
      name: "notes",
      schema: z.looseObject({ text: z.string(), length: z.number() }),
      version: 2,
      migrations: { 1: (body) => ({ ...(body as object), length: (body as { text: string }).text.length }) },
    });
    const copy = await openStateDirectory({ directory: other.directory, collections: [newer] });
    const target = targetOf(copy);
    const definitions = new Map([...target.definitions, ["notes", newer]]);
    await importExport(path, { ...target, definitions }, importing());
    expect((await copy.collection(newer).get("n"))?.body).toEqual({ text: "old", length: 3 });
    await copy.checkpoint();
    await copy.close();
    const { lines } = await exportTo(elsewhere, other.directory, {
      name: "again.jsonl",
      collections: ["notes", "plans"],
    });
    expect(lines.slice(1, -1).map(({ id, schemaVersion }) => ({ id, schemaVersion }))).toEqual([
      { id: "n", schemaVersion: 2 },
      { id: "p", schemaVersion: 3 },
    ]);
  });
});
