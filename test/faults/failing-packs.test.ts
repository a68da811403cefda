import { readdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { allOf, notes, type Note } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";
import { FaultyFileSystem, type DiskFault } from "./faulty-file-system.js";

const settings = { packAtDocuments: 5, looseLimit: 3, mergeFactor: 100, cacheBytes: 0, journalRetainBytes: 0 };

interface Store {
  readonly disk: FaultyFileSystem;
  readonly state: StateDirectory;
  readonly expected: Map<string, Note>;
}

/** A store with two packs and some loose files; and, in the journal, what becomes a third pack. */
async function storeOn(folder: StateFolder): Promise<Store> {
  const disk = new FaultyFileSystem();
  const state = await folder.open({ ...settings, environment: { fileSystem: disk } });
  const expected = new Map<string, Note>();
  const put = async (id: string, text: string): Promise<void> => {
    const body = { text, tag: `tag ${id.length}` };
    await state.collection(notes).put(id, body);
    expected.set(id, body);
  };
  for (let round = 0; round < 2; round += 1) {
    for (let number = 0; number < 8; number += 1) await put(`r${round}_${number}`, "one");
    await state.checkpoint();
  }
  for (const id of ["loose_1", "loose_2", "loose_3"]) await put(id, "one");
  await state.checkpoint();
  for (let number = 0; number < 8; number += 1) await put(`new_${number}`, "one");
  for (const id of ["r0_1", "r1_1", "loose_1"]) await put(id, "two");
  for (const id of ["r0_2", "loose_2"]) {
    await state.collection(notes).delete(id);
    expected.delete(id);
  }
  return { disk, state, expected };
}

async function expectAfterReopening(
  folder: StateFolder,
  directory: string,
  expected: Map<string, Note>,
): Promise<void> {
  const again = await folder.open({ ...settings, directory });
  expect(again.recovery).toMatchObject({ lostDocuments: [], lostSequences: [], damage: [] });
  expect(await allOf(again.collection(notes))).toEqual(expected);
  await again.close();
  expect(await verifyStateDirectory(directory)).toMatchObject({ ok: true, findings: [] });
}

const folderOfPacks = /collections\/notes\/packs$/;
const faults: readonly [string, DiskFault, string][] = [
  ["creation of the lines (EMFILE)", { on: "create", path: /\.pack/, fails: "EMFILE" }, "STORAGE_FAILED"],
  ["creation of the index (EMFILE)", { on: "create", path: /\.idx/, fails: "EMFILE" }, "STORAGE_FAILED"],
  ["write of the lines (EIO)", { on: "write", path: /\.pack/, fails: "EIO" }, "STORAGE_FAILED"],
  ["write of the index (EIO)", { on: "write", path: /\.idx/, fails: "EIO" }, "STORAGE_FAILED"],
  ["write of the lines (ENOSPC)", { on: "write", path: /\.pack/, fails: "ENOSPC" }, "STORAGE_FULL"],
  ["write of the index (ENOSPC)", { on: "write", path: /\.idx/, fails: "ENOSPC" }, "STORAGE_FULL"],
  ["sync of the lines (EIO)", { on: "sync", path: /\.pack/, fails: "EIO" }, "STORAGE_FAILED"],
  ["sync of the index (EIO)", { on: "sync", path: /\.idx/, fails: "EIO" }, "STORAGE_FAILED"],
  ["rename of the lines (EIO)", { on: "rename", path: /\.pack$/, fails: "EIO" }, "STORAGE_FAILED"],
  ["rename of the index (EIO)", { on: "rename", path: /\.idx$/, fails: "EIO" }, "STORAGE_FAILED"],
  ["sync of the folder (EIO)", { on: "syncDirectory", path: folderOfPacks, fails: "EIO" }, "STORAGE_FAILED"],
  ["opening of the new pack (EMFILE)", { on: "open", path: /\.idx$/, fails: "EMFILE" }, "STORAGE_FAILED"],
  ["list in checkpoint.json (EIO)", { on: "write", path: /checkpoint\.json/, fails: "EIO" }, "STORAGE_FAILED"],
];

describe.each(faults)("where the %s of a pack fails", (_what, fault, code) => {
  test("a checkpoint loses nothing and leaves nothing, writers go on, and the next one is whole", async () => {
    await using folder = await stateFolder();
    const { disk, state, expected } = await storeOn(folder);
    const lift = disk.set(fault);
    const before = state.metrics.checkpointSequence;
    expect((await rejectionOf(state.checkpoint())).code).toBe(code);
    expect(state.metrics.checkpointSequence).toBe(before);
    expect(state.condition.state).toBe("open");
    expect(await allOf(state.collection(notes))).toEqual(expected);
    await expectAfterReopening(folder, await folder.crash(), expected);
    await state.collection(notes).put("new_0", { text: "three" });
    expected.set("new_0", { text: "three" });
    lift();
    await state.checkpoint();
    expect(state.metrics.checkpointSequence).toBe(state.lastSequence);
    expect(await allOf(state.collection(notes))).toEqual(expected);
    expect(await filesBelow(folder.directory, /\.tmp$/)).toEqual([]);
    await state.close();
    await expectAfterReopening(folder, folder.directory, expected);
  });

  test("a merge leaves the packs as they are, and the next one is whole", async () => {
    await using folder = await stateFolder();
    const { disk, state, expected } = await storeOn(folder);
    await state.checkpoint();
    const before = await readdir(folder.at("collections", "notes", "packs"));
    const lift = disk.set(fault);
    const failed = await state.compact().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failed).toBeDefined();
    expect(await allOf(state.collection(notes))).toEqual(expected);
    await expectAfterReopening(folder, await folder.crash(), expected);
    lift();
    expect((await readdir(folder.at("collections", "notes", "packs"))).length).toBeGreaterThanOrEqual(before.length);
    await state.compact();
    expect(await readdir(folder.at("collections", "notes", "packs"))).toHaveLength(2);
    expect(await allOf(state.collection(notes))).toEqual(expected);
    await state.close();
    await expectAfterReopening(folder, folder.directory, expected);
  });
});

test("a pack that can not be removed either takes the place of no error, and goes before the next one is written", async () => {
  await using folder = await stateFolder();
  const { disk, state, expected } = await storeOn(folder);
  const before = await readdir(folder.at("collections", "notes", "packs"));
  const lift = disk.set({ on: "write", path: /checkpoint\.json/, fails: "EIO" });
  disk.set({ on: "remove", path: /\.(pack|idx)$/, times: 1, fails: "EACCES" });
  expect(await rejectionOf(state.checkpoint())).toMatchObject({ code: "STORAGE_FAILED", cause: { code: "EIO" } });
  lift();
  expect(await readdir(folder.at("collections", "notes", "packs"))).toHaveLength(before.length + 2);
  await state.collection(notes).put("new_0", { text: "three" });
  expected.set("new_0", { text: "three" });
  await state.checkpoint();
  expect(await readdir(folder.at("collections", "notes", "packs"))).toHaveLength(before.length + 2);
  disk.set({ on: "remove", path: /\.(pack|idx)$/, times: 1, fails: "EACCES" });
  await state.compact();
  // One of the merged packs is left over, and goes before the next merge or checkpoint.
  expect(await readdir(folder.at("collections", "notes", "packs"))).toHaveLength(4);
  await state.collection(notes).put("new_1", { text: "three" });
  expected.set("new_1", { text: "three" });
  await state.checkpoint();
  expect(await readdir(folder.at("collections", "notes", "packs"))).toHaveLength(2);
  expect(await allOf(state.collection(notes))).toEqual(expected);
  await state.close();
  await expectAfterReopening(folder, folder.directory, expected);
});

test.each([
  ["EMFILE", "open"],
  ["EIO", "read"],
] as const)(
  "a pack that can not be read at opening (%s) keeps the directory from being opened, and is not taken for damaged",
  async (code, on) => {
    await using folder = await stateFolder();
    const { state, expected } = await storeOn(folder);
    await state.close();
    for (const path of [/\.pack$/, /\.idx$/]) {
      if (on === "read" && path.source.includes("pack")) continue;
      const disk = new FaultyFileSystem();
      disk.set({ on, path, fails: code });
      const refused = await rejectionOf(folder.open({ ...settings, environment: { fileSystem: disk } }));
      expect(refused).toMatchObject({ code: "STORAGE_FAILED" });
    }
    expect(await filesBelow(folder.at("quarantine"), /./)).toEqual([]);
    await expectAfterReopening(folder, folder.directory, expected);
  },
);

test("a packed document that can not be read (EIO) is an outage, neither an absence nor damage", async () => {
  await using folder = await stateFolder();
  const { disk, state, expected } = await storeOn(folder);
  await state.checkpoint();
  const collection = state.collection(notes);
  const lift = disk.set({ on: "read", path: /\.(pack|idx)$/, fails: "EIO" });
  expect((await rejectionOf(collection.get("new_1"))).code).toBe("STORAGE_FAILED");
  expect((await rejectionOf(collection.list())).code).toBe("STORAGE_FAILED");
  expect((await rejectionOf(collection.update("new_1", (body) => body))).code).toBe("STORAGE_FAILED");
  lift();
  expect(await allOf(collection)).toEqual(expected);
  await state.close();
  await expectAfterReopening(folder, folder.directory, expected);
});
