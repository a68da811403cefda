import { readFile } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { expect, test } from "vitest";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { eventually } from "../support/eventually.js";
import { flipByteWithin } from "../support/flip-byte.js";
import { allOf, notes, type Note } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";

const settings = { packAtDocuments: 5, looseLimit: 3, mergeFactor: 100, cacheBytes: 0, journalRetainBytes: 0 };

/** A directory with a pack of ten documents, some of them written more than once; nothing of it is in the journal. */
async function packedIn(folder: StateFolder): Promise<Map<string, Note>> {
  const state = await folder.open(settings);
  const expected = new Map<string, Note>();
  for (let number = 0; number < 10; number += 1) {
    for (let revision = 0; revision <= number % 3; revision += 1) {
      const body = { text: `text of n${number} in revision ${revision + 1}`, tag: `tag ${number % 2}` };
      await state.collection(notes).put(`n${number}`, body);
      expected.set(`n${number}`, body);
    }
  }
  await state.checkpoint();
  await state.close();
  const later = await folder.open(settings);
  await later.checkpoint();
  await later.close();
  return expected;
}

/** Damages the lines of documents where they stand. */
async function damage(folder: StateFolder, ...ids: string[]): Promise<void> {
  for (const path of await filesBelow(folder.at("collections", "notes"), /\.pack$/))
    for (const id of ids) await flipByteWithin(path, `text of ${id} in`);
}

test("a packed document whose line is damaged can be replaced and deleted, and its revisions never go back", async () => {
  await using folder = await stateFolder();
  const expected = await packedIn(folder);
  await damage(folder, "n2", "n3", "n4", "n5");
  const state = await folder.open(settings);
  const reader = await folder.open({ ...settings, mode: "reader" });
  const collection = state.collection(notes);
  for (const read of [collection, reader.collection(notes)]) {
    expect((await rejectionOf(read.get("n2"))).code).toBe("CORRUPT");
    expect((await rejectionOf(read.list())).code).toBe("CORRUPT");
    expect(await read.count()).toBe(10);
  }
  // What rests on what the line said is refused.
  const body = { text: "again", tag: "tag 0" };
  for (const refused of [
    () => collection.insert("n2", body),
    () => collection.update("n2", () => body),
    () => collection.put("n2", body, { ifRevision: 3 }),
    () => collection.delete("n2", { ifRevision: 3 }),
    () => collection.list({ after: "n2" }),
    () => state.transaction((transaction) => transaction.collection(notes).get("n2")),
    () => state.transaction((transaction) => transaction.collection(notes).insert("n2", body)),
  ])
    expect((await rejectionOf(refused())).code).toBe("CORRUPT");

  const put = await collection.put("n2", body);
  // It had three.
  expect(put.revision).toBeGreaterThan(3);
  expect(put.revision).toBeLessThanOrEqual(put.sequence);
  expect((await collection.put("n2", body)).revision).toBe(put.revision + 1);
  expect(await collection.delete("n3")).toBe(true);
  await state.transaction(async (transaction) => {
    await transaction.collection(notes).put("n4", body);
    expect(await transaction.collection(notes).delete("n5")).toBe(true);
  });
  for (const id of ["n2", "n4"]) expected.set(id, body);
  for (const id of ["n3", "n5"]) expected.delete(id);

  const changes = reader.changes({ since: put.sequence });
  for await (const change of changes) if (change.sequence >= state.lastSequence) break;
  for (const opened of [state, reader]) {
    expect(await allOf(opened.collection(notes))).toEqual(expected);
    expect(await opened.collection(notes).count()).toBe(8);
    expect(await opened.collection(notes).count({ where: { tag: "tag 0" } })).toBe(5);
  }
  const replayed = await folder.open({ ...settings, directory: await folder.crash() });
  expect(replayed.recovery).toMatchObject({ damage: [], lostDocuments: [] });
  expect(await allOf(replayed.collection(notes))).toEqual(expected);
  expect(await replayed.collection(notes).count()).toBe(8);

  await state.checkpoint();
  expect(await allOf(reader.collection(notes))).toEqual(expected);
  await state.compact();
  await state.close();
  expect(await verifyStateDirectory(folder.directory)).toMatchObject({ ok: true, findings: [] });
  const again = await folder.open(settings);
  expect(again.recovery).toMatchObject({ outcome: "clean", damage: [] });
  expect(await allOf(again.collection(notes))).toEqual(expected);
  expect((await again.collection(notes).get("n2"))?.revision).toBe(put.revision + 1);
});

test("a packed document whose line is damaged goes when its time has come", async () => {
  await using folder = await stateFolder();
  const state = await folder.open({ ...settings, sweepMs: 50 });
  const expiresAt = new Date(Date.now() + 600).toISOString();
  for (let number = 0; number < 10; number += 1)
    await state.collection(notes).put(`n${number}`, { text: `text of n${number} in` }, number < 2 ? { expiresAt } : {});
  await state.checkpoint();
  await damage(folder, "n0");
  await eventually("both are swept", () => state.metrics.documents["notes"] === 8);
  expect(await state.collection(notes).count()).toBe(8);
  expect(await state.collection(notes).get("n0")).toBeUndefined();
});

/** What the quarantine says of lines that were set aside, and the bytes of them. */
async function setAside(folder: StateFolder): Promise<{ about: unknown; bytes: string }[]> {
  const paths = await filesBelow(folder.at("quarantine"), /-line-damaged\/about\.json$/);
  return await Promise.all(
    paths.sort().map(async (path) => {
      const [bytes = ""] = await filesBelow(dirname(path), /\.bytes$/);
      return { about: JSON.parse(await readFile(path, "utf8")) as unknown, bytes: await readFile(bytes, "latin1") };
    }),
  );
}

test("damaged lines that are met are told once, counted and set aside, and stay refused until they are replaced", async () => {
  await using folder = await stateFolder();
  const expected = await packedIn(folder);
  const [path = ""] = await filesBelow(folder.at("collections", "notes"), /\.pack$/);
  await damage(folder, "n2", "n7");
  const lines = (await readFile(path, "latin1")).split(/(?<=\n)/);
  const state = await folder.open(settings);
  const collection = state.collection(notes);
  expect(state.metrics.damagedLines).toBe(0);
  for (let round = 0; round < 3; round += 1) {
    for (const id of ["n7", "n2"]) expect((await rejectionOf(collection.get(id))).code).toBe("CORRUPT");
    await state.checkpoint();
    await eventually("they are reported", () => state.recovery.damage.length > 0);
  }
  expect(state.metrics.damagedLines).toBe(2);
  const file = relative(folder.directory, path);
  const [line2 = "", line7 = ""] = [lines[2], lines[7]];
  expect(await setAside(folder)).toEqual([
    {
      about: {
        from: file,
        lines: [
          { id: "n2", offset: lines.slice(0, 2).join("").length, length: line2.length },
          { id: "n7", offset: lines.slice(0, 7).join("").length, length: line7.length },
        ],
        why: "line-damaged",
        detail: expect.stringContaining("2 lines are damaged") as string,
      },
      bytes: line2 + line7,
    },
  ]);
  const lost = ["n2", "n7"].map((id) => ({ collection: "notes", id }));
  const report = { outcome: "degraded", damage: [{ file, kind: "pack", repaired: false }], lostDocuments: lost };
  expect(state.recovery).toMatchObject(report);
  expect(JSON.parse(await readFile(folder.at("status", "recovery.json"), "utf8"))).toMatchObject(report);
  for (const id of ["n2", "n7"]) await collection.put(id, expected.get(id) as Note);
  expect(await allOf(collection)).toEqual(expected);
});

test.each([
  ["all packs, which leaves no trace of it", true],
  ["the newer packs, which keeps older versions of it hidden", false],
])("a merge of %s goes on without a damaged line, whose bytes are in quarantine by then", async (_what, ofAll) => {
  await using folder = await stateFolder();
  const disk = new FaultyFileSystem();
  const state = await folder.open({ ...settings, mergeFactor: 2, environment: { fileSystem: disk } });
  const collection = state.collection(notes);
  const expected = new Map<string, Note>();
  const write = async (id: string, text: string): Promise<void> => {
    const body = { text: `text of ${id} in ${text}`, tag: `tag ${id.length}` };
    await collection.put(id, body);
    expected.set(id, body);
  };
  // A large pack, which merges of small ones leave alone; it has an older version of what is damaged later.
  const padding = ofAll ? "" : "x".repeat(300_000);
  for (const id of ["a0", "a1", "a2", "b0", "b1"]) await write(id, `the oldest pack ${padding}`);
  await state.checkpoint();
  await eventually("nothing is merged", () => !state.metrics.merging);
  for (const id of ["b0", "b1", "c0", "c1", "c2"]) await write(id, "a newer pack");
  const lift = disk.set({ on: "create", path: /notes\/packs\/.*\.tmp$/, nth: 3, fails: "EIO" });
  await state.checkpoint();
  await eventually("nothing is merged", () => !state.metrics.merging);
  lift();
  const reader = await folder.open({ ...settings, mode: "reader" });
  expect(await allOf(reader.collection(notes))).toEqual(expected);
  const paths = (await filesBelow(folder.at("collections", "notes"), /\.pack$/)).sort();
  expect(paths).toHaveLength(2);
  const damaged = paths.at(-1) ?? "";
  for (const text of ["text of b0 in a newer", "text of c1 in a newer"]) await flipByteWithin(damaged, text);
  for (const id of ["b0", "c1"]) expected.delete(id);

  // As long as the bytes can not be kept, everything stays as it is.
  const full = disk.set({ on: "create", path: /quarantine/, fails: "EIO" });
  const merge = async (): Promise<void> => {
    if (ofAll) await state.compact();
    else {
      for (const id of ["d0", "d1", "d2", "d3", "d4"]) await write(id, "another pack");
      await state.checkpoint();
      await eventually("nothing is merged", () => !state.metrics.merging);
    }
  };
  if (ofAll) expect((await rejectionOf(merge())).code).toBe("STORAGE_FAILED");
  else await merge();
  expect((await filesBelow(folder.at("collections", "notes"), /\.pack$/)).sort()).toContain(damaged);
  expect((await rejectionOf(collection.get("b0"))).code).toBe("CORRUPT");
  expect(state.recovery.damage).toEqual([]);
  full();

  if (ofAll) await merge();
  else {
    await write("e0", "the journal");
    await state.checkpoint();
    await eventually("the packs are merged", () => state.metrics.damagedLines === 0 && !state.metrics.merging);
  }
  expect(await filesBelow(folder.at("collections", "notes"), /\.pack$/)).not.toContain(damaged);
  expect(state.metrics.packs).toBe(ofAll ? 1 : 2);
  const kept = await setAside(folder);
  expect(kept.map(({ bytes }) => bytes.split("\n").length - 1)).toEqual([2]);
  expect(state.recovery).toMatchObject({
    outcome: "degraded",
    lostDocuments: [
      { collection: "notes", id: "b0" },
      { collection: "notes", id: "c1" },
    ],
  });
  const last = await folder.open({ ...settings, directory: await folder.crash() });
  await eventually("the reader has the new packs", () => reader.metrics.packs === state.metrics.packs);
  for (const opened of [state, reader, last]) {
    expect(await allOf(opened.collection(notes))).toEqual(expected);
    expect(await opened.collection(notes).count()).toBe(expected.size);
    expect(await opened.collection(notes).count({ where: { tag: "tag 2" } })).toBe(expected.size);
    expect(await opened.collection(notes).get("b0")).toBeUndefined();
  }
  expect(last.recovery).toMatchObject({ damage: [], lostDocuments: [] });
  await write("b0", "the journal");
  expect(await collection.count()).toBe(expected.size);
  await state.compact();
  expect(await allOf(collection)).toEqual(expected);
  await state.close();
  expect(await verifyStateDirectory(folder.directory)).toMatchObject({ ok: true, findings: [] });
});

test("packs with a damaged line that are to get another index are told; their listings fail, and nothing else", async () => {
  await using folder = await stateFolder();
  const expected = await packedIn(folder);
  await damage(folder, "n2");
  const state = await folder.open({ ...settings, collections: [] });
  const warnings: string[] = [];
  const listener = ({ message }: Error): unknown => warnings.push(message);
  process.on("warning", listener);
  try {
    const counted = state.collection({ ...notes, indexes: { count: { path: "count" } } });
    await eventually("it is told", () => warnings.some((message) => message.includes("can not list notes")));
    expect((await rejectionOf(counted.list())).code).toBe("CORRUPT");
    expect((await rejectionOf(counted.count({ where: { count: 1 } }))).code).toBe("CORRUPT");
    expect((await counted.get("n1"))?.body).toEqual(expected.get("n1"));
    await counted.put("n2", { text: "again" });
    expect((await counted.get("n2"))?.body).toEqual({ text: "again" });
  } finally {
    process.off("warning", listener);
  }
});
