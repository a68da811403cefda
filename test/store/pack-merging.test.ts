import { setImmediate as giveWay } from "node:timers/promises";
import { expect, test } from "vitest";
import { defineCollection } from "../../src/collections/index.js";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { FaultyFileSystem, type DiskFault } from "../faults/faulty-file-system.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { eventually } from "../support/eventually.js";
import { allOf, notes, noteSchema, type Note } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";

/** Packs of a few documents each, that nobody merges until he is told to. */
const packing = { packAtDocuments: 4, looseLimit: 6, mergeFactor: 100, cacheBytes: 0, journalRetainBytes: 0 };
/** Another definition of the collection than the one that its packs are written under. */
const counted = defineCollection<Note>({ name: "notes", schema: noteSchema, indexes: { count: { path: "count" } } });
const isPack = /^collections\/notes\/packs\/.*\.pack$/;
const newPack = /\/notes\/packs\/.*\.pack.*\.tmp$/;

/** Writes so many packs. @returns the ids of all documents. */
async function writePacks(state: StateDirectory, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let pack = 0; pack < count; pack += 1) {
    for (let number = 0; number < 4; number += 1) {
      const id = `note-${pack}-${number}`;
      await state.collection(notes).put(id, { text: id, tag: `tag ${number}`, count: number });
      ids.push(id);
    }
    await state.checkpoint();
  }
  return ids;
}

/** What the directory holds after a kill, as the next owner finds it. */
async function expectAfterKill(folder: StateFolder, ids: readonly string[], from = folder.directory): Promise<void> {
  const state = await folder.open({ ...packing, directory: await folder.crash(from) });
  expect(state.recovery).toMatchObject({ damage: [], lostDocuments: [] });
  expect([...(await allOf(state.collection(notes))).keys()].sort()).toEqual([...ids].sort());
}

/** Has the next such call wait. @returns how to learn that it came, and how to let it go on. */
function heldUp(disk: FaultyFileSystem, call: Pick<DiskFault, "on" | "path">): { came: boolean; release: () => void } {
  const held = { came: false, release: (): void => undefined };
  const released = new Promise<void>((resolve) => {
    held.release = resolve;
  });
  disk.set({
    ...call,
    times: 1,
    before: async () => {
      held.came = true;
      await released;
    },
  });
  return held;
}

/** The list is renamed into its place, and then its folder can not be synced: a crash may leave either list. */
function failToSyncTheList(disk: FaultyFileSystem): void {
  disk.set({
    on: "rename",
    path: /checkpoint\.json$/,
    times: 1,
    before: () => {
      disk.set({ on: "syncDirectory", path: /\/state$/, times: 1, fails: "EIO" });
      return Promise.resolve();
    },
  });
}

test("a pack stays that a checkpoint has listed, though it could not make the list durable", async () => {
  await using folder = await stateFolder();
  const disk = new FaultyFileSystem();
  const state = await folder.open({ ...packing, environment: { fileSystem: disk } });
  const ids = await writePacks(state, 1);
  for (const id of ["a", "b", "c", "d"]) await state.collection(notes).put(id, { text: id });
  failToSyncTheList(disk);
  expect((await rejectionOf(state.checkpoint())).code).toBe("STORAGE_FAILED");
  await expectAfterKill(folder, [...ids, "a", "b", "c", "d"]);
  await state.checkpoint();
  await expectAfterKill(folder, [...ids, "a", "b", "c", "d"]);
});

test("a merged pack stays that has been listed, though the list could not be made durable", async () => {
  await using folder = await stateFolder();
  const disk = new FaultyFileSystem();
  const state = await folder.open({ ...packing, environment: { fileSystem: disk } });
  const ids = await writePacks(state, 3);
  failToSyncTheList(disk);
  await rejectionOf(state.compact());
  await expectAfterKill(folder, ids);
  await state.compact();
  expect(await filesBelow(folder.directory, isPack)).toHaveLength(1);
  await expectAfterKill(folder, ids);
});

test("a collection that is given its definition while its packs are merged keeps every document", async () => {
  await using folder = await stateFolder();
  const before = await folder.open(packing);
  const ids = await writePacks(before, 3);
  await before.close();

  const disk = new FaultyFileSystem();
  const state = await folder.open({ ...packing, collections: [], environment: { fileSystem: disk } });
  const merging = heldUp(disk, { on: "create", path: newPack });
  const compacting = state.compact();
  await eventually("a pack is merged", () => merging.came);
  const collection = state.collection(counted);
  // The index of the first pack is made anew meanwhile.
  for (let turn = 0; turn < 500; turn += 1) await giveWay();
  merging.release();
  await compacting;
  expect([...(await allOf(collection)).keys()].sort()).toEqual([...ids].sort());
  expect(await collection.count({ where: { count: 2 } })).toBe(3);
  await expectAfterKill(folder, ids);
});

test("a collection that is given its definition while a pack is written goes on, that pack's index included", async () => {
  await using folder = await stateFolder();
  const before = await folder.open(packing);
  const ids = await writePacks(before, 2);
  const newer = ["a", "b", "c", "d"];
  for (const id of newer) await before.collection(notes).put(id, { text: id, count: 2 });
  const directory = await folder.crash();

  // What is replayed is packed as soon as the directory is open.
  const disk = new FaultyFileSystem();
  const writing = heldUp(disk, { on: "create", path: newPack });
  const state = await folder.open({ ...packing, directory, collections: [], environment: { fileSystem: disk } });
  await eventually("a pack is written", () => writing.came);
  const collection = state.collection(counted);
  // The indexes of the packs that are there would be made anew meanwhile.
  for (let turn = 0; turn < 500; turn += 1) await giveWay();
  writing.release();
  await state.checkpoint();
  expect([...(await allOf(collection)).keys()].sort()).toEqual([...ids, ...newer].sort());
  expect(await collection.count({ where: { count: 2 } })).toBe(6);
  await collection.delete("a");
  await state.checkpoint();
  await expectAfterKill(folder, [...ids, "b", "c", "d"], directory);
});

test("packs with other indexes than their neighbours are compacted among themselves", async () => {
  await using folder = await stateFolder();
  const indexed = await folder.open(packing);
  const ids = await writePacks(indexed, 2);
  await indexed.close();
  const plain = defineCollection<Note>({ name: "notes", schema: noteSchema });
  const state = await folder.open({ ...packing, collections: [plain] });
  for (const id of ["a", "b", "c", "d"]) await state.collection(plain).put(id, { text: id });
  await state.compact();
  expect(await filesBelow(folder.directory, isPack)).toHaveLength(2);
  await expectAfterKill(folder, [...ids, "a", "b", "c", "d"]);
});

test("the folder of the packs is made durable by the next attempt, if the first one could not", async () => {
  await using folder = await stateFolder();
  const disk = new FaultyFileSystem();
  const state = await folder.open({ ...packing, environment: { fileSystem: disk } });
  await state.collection(notes).put("loose", { text: "loose" });
  await state.checkpoint();
  for (const id of ["a", "b", "c", "d"]) await state.collection(notes).put(id, { text: id });
  disk.set({ on: "syncDirectory", path: /\/collections\/notes$/, times: 1, fails: "EIO" });
  expect((await rejectionOf(state.checkpoint())).code).toBe("STORAGE_FAILED");

  const calls: string[] = [];
  const note = (call: string) => (): Promise<void> => {
    calls.push(call);
    return Promise.resolve();
  };
  disk.set({ on: "syncDirectory", path: /\/collections\/notes$/, before: note("folder synced") });
  disk.set({ on: "rename", path: /checkpoint\.json$/, before: note("pack listed") });
  await state.checkpoint();
  expect(calls).toEqual(["folder synced", "pack listed"]);
  expect(await filesBelow(folder.directory, isPack)).toHaveLength(1);
});
