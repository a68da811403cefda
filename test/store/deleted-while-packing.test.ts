import { describe, expect, test } from "vitest";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { FaultyFileSystem, type DiskFault } from "../faults/faulty-file-system.js";
import { eventually } from "../support/eventually.js";
import { allOf, notes, type Note } from "../support/notes.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";

const settings = { packAtDocuments: 10, looseLimit: 8, mergeFactor: 100, cacheBytes: 0 } as const;

/** At which steps of a checkpoint a document is deleted, while that checkpoint is putting it into a pack. */
const moments: readonly [when: string, deleted: string, at: DiskFault][] = [
  ["before its pack is begun", "changed_3", { on: "remove", path: /\/documents\// }],
  ["while its pack begins", "changed_3", { on: "create", path: /\/packs\// }],
  ["before the pack is listed", "changed_3", { on: "syncDirectory", path: /\/packs$/ }],
  ["before a loose document is read for the pack", "loose_3", { on: "remove", path: /\/documents\// }],
  ["when it was read for the pack already", "loose_1", { on: "readFile", path: /\/documents\//, nth: 2 }],
  ["before the pack is listed that takes the loose documents", "loose_3", { on: "syncDirectory", path: /\/packs$/ }],
];

describe("a document that is deleted while a checkpoint is at work", () => {
  test.each(moments)("%s stays deleted", async (_when, deleted, at) => {
    await using folder = await stateFolder();
    const disk = new FaultyFileSystem();
    const state = await folder.open({ ...settings, environment: { fileSystem: disk } });
    const expected = await prepared(state);
    deleteAt(disk, at, state, deleted);
    await state.checkpoint();
    expected.delete(deleted);
    await expectEverywhere(folder, state, deleted, expected);
    await state.checkpoint();
    await expectEverywhere(folder, state, deleted, expected);
  });

  test("stays deleted when the checkpoint fails", async () => {
    await using folder = await stateFolder();
    const disk = new FaultyFileSystem();
    const state = await folder.open({ ...settings, environment: { fileSystem: disk } });
    const expected = await prepared(state);
    deleteAt(disk, { on: "create", path: /\/packs\// }, state, "changed_3");
    const lift = disk.set({ on: "syncDirectory", path: /\/packs$/, fails: "EIO" });
    await expect(state.checkpoint()).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    lift();
    expected.delete("changed_3");
    await expectEverywhere(folder, state, "changed_3", expected);
    await state.checkpoint();
    await expectEverywhere(folder, state, "changed_3", expected);
  });
});

/** Some loose documents, one of which was deleted and goes first; and enough changed ones for a pack of them all. */
async function prepared(state: StateDirectory): Promise<Map<string, Note>> {
  const collection = state.collection(notes);
  const expected = new Map<string, Note>();
  const write = async (id: string): Promise<void> => {
    await collection.insert(id, { text: id, tag: "tag" });
    expected.set(id, { text: id, tag: "tag" });
  };
  for (let number = 0; number < 8; number += 1) await write(`loose_${number}`);
  await state.checkpoint();
  await collection.delete("loose_0");
  expected.delete("loose_0");
  for (let number = 0; number < 20; number += 1) await write(`changed_${number}`);
  return expected;
}

/** Deletes the document, acknowledged, when the disk comes to be asked for this the first time. */
function deleteAt(disk: FaultyFileSystem, at: DiskFault, state: StateDirectory, id: string): void {
  disk.set({
    ...at,
    times: 1,
    before: async () => {
      expect(await state.collection(notes).delete(id)).toBe(true);
    },
  });
}

async function expectEverywhere(
  folder: StateFolder,
  state: StateDirectory,
  deleted: string,
  expected: ReadonlyMap<string, Note>,
): Promise<void> {
  const collection = state.collection(notes);
  expect(await collection.get(deleted)).toBeUndefined();
  expect(await allOf(collection)).toEqual(expected);
  expect(await collection.count()).toBe(expected.size);
  expect(await collection.count({ where: { tag: "tag" } })).toBe(expected.size);
  const again = await folder.open({ ...settings, directory: await folder.crash() });
  expect(again.recovery).toMatchObject({ damage: [], lostDocuments: [] });
  expect(await allOf(again.collection(notes))).toEqual(expected);
  expect(await again.collection(notes).count()).toBe(expected.size);
  await again.close();
  const reader = await folder.open({ ...settings, mode: "reader" });
  await eventually("the reader has come as far", () => reader.lastSequence >= state.lastSequence);
  expect(await allOf(reader.collection(notes))).toEqual(expected);
  await reader.close();
}
