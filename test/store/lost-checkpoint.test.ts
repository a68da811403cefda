import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { allOf, notes, type Note } from "../support/notes.js";
import { stateFolder } from "../support/state-folder.js";

const settings = { packAtDocuments: 10, mergeFactor: 3, journalRetainBytes: 0 } as const;

test.each([
  ["is damaged", (path: string) => readFile(path).then((bytes) => writeFile(path, bytes.fill(0, 10, 20)))],
  ["is gone", (path: string) => rm(path)],
])("a list of packs that %s costs no document, also if the next owner is killed at once", async (_how, harm) => {
  await using folder = await stateFolder();
  const state = await folder.open({ ...settings, firstSegmentBytes: 16 * 1024, segmentBytes: 16 * 1024 });
  const expected = new Map<string, Note>();
  for (let round = 0; round < 2; round += 1) {
    for (let number = 0; number < 200; number += 1) {
      const id = `note_${round}_${number}`;
      await state.collection(notes).insert(id, { text: id });
      expected.set(id, { text: id });
    }
    await state.checkpoint();
  }
  const harmed = await folder.crash();
  await harm(join(harmed, "checkpoint.json"));
  // It does not come to write a checkpoint of its own before it is killed.
  const disk = new FaultyFileSystem();
  disk.set({ on: "rename", path: /crashed-1\/checkpoint\.json$/, fails: "EIO" });
  const again = await folder.open({ ...settings, directory: harmed, environment: { fileSystem: disk } });
  expect(await allOf(again.collection(notes))).toEqual(expected);
  const third = await folder.open({ ...settings, directory: await folder.crash(harmed) });
  expect(await allOf(third.collection(notes))).toEqual(expected);
  expect(third.recovery).toMatchObject({ lostDocuments: [], lostSequences: [] });
});
