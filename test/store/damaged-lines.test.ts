import { expect, test } from "vitest";
import { verifyStateDirectory } from "../../src/store/verify.js";
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
