import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { defineCollection } from "../../src/collections/index.js";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { eventually } from "../support/eventually.js";
import { allOf, notes, type Note } from "../support/notes.js";
import { stateFolder } from "../support/state-folder.js";

const settings = { packAtDocuments: 5, looseLimit: 3, mergeFactor: 100, journalRetainBytes: 0 };

test("packs that get another index while they are merged are not given up for a merged one that has the old index", async () => {
  await using folder = await stateFolder();
  const plain = defineCollection<Note>({ name: notes.name, schema: notes.schema });
  const expected = new Map<string, Note>();
  const first = await folder.open({ ...settings, collections: [plain] });
  for (let round = 0; round < 3; round += 1) {
    for (let number = 0; number < 8; number += 1) {
      const body = { text: `${round}`, tag: `tag ${number % 2}` };
      await first.collection(plain).put(`n${round}_${number}`, body);
      expected.set(`n${round}_${number}`, body);
    }
    await first.checkpoint();
  }
  await first.close();
  const disk = new FaultyFileSystem();
  const state = await folder.open({ ...settings, collections: [], environment: { fileSystem: disk } });
  let counted: Promise<number> | undefined;
  disk.set({
    on: "rename",
    path: /notes\/packs\/.*\.idx$/,
    times: 1,
    before: async () => {
      // A program declares the collection at this very moment. The first pack gets its index; for the others it waits
      // until the merge lets go of that one.
      const opened = disk.count("open");
      counted = state.collection(notes).count({ where: { tag: "tag 1" } });
      await eventually("a pack is read for another index", () => disk.count("open") > opened);
      await delay(100);
    },
  });
  await state.compact();
  expect(await counted).toBe(12);
  const collection = state.collection(notes);
  expect(await allOf(collection)).toEqual(expected);
  expect(await collection.count({ where: { tag: "tag 1" } })).toBe(12);
  // What the checkpoint lists is there, and not only for those who have it open.
  const crashed = await folder.open({ ...settings, directory: await folder.crash() });
  expect(crashed.recovery).toMatchObject({ damage: [], lostDocuments: [] });
  expect(await allOf(crashed.collection(notes))).toEqual(expected);
  await state.compact();
  expect(await allOf(collection)).toEqual(expected);
  await state.close();
  expect(await verifyStateDirectory(folder.directory)).toMatchObject({ ok: true, findings: [] });
  const again = await folder.open(settings);
  expect(await allOf(again.collection(notes))).toEqual(expected);
  expect(await again.collection(notes).count({ where: { tag: "tag 1" } })).toBe(12);
});
