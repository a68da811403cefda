import { readdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { allOf, notes, type Note } from "../support/notes.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";

/** Merging only by hand: nothing happens by itself while a test looks. Nothing is in the journal that is in a pack. */
const settings = { packAtDocuments: 10, mergeFactor: 100, journalRetainBytes: 0, cacheBytes: 0 } as const;
const documents = 40;

/**
 * `checkpoint.json` was replaced, and then its folder could not be synced: whether the new list of packs is the one that
 * is there after a crash, nobody knows. So the packs of both lists have to stay.
 */
describe("when a list of packs was written and perhaps not made durable", () => {
  test("by a checkpoint, its packs stay, and a crash loses nothing", async () => {
    await using folder = await stateFolder();
    const disk = new FaultyFileSystem();
    const state = await folder.open({ ...settings, environment: { fileSystem: disk } });
    const expected = new Map<string, Note>();
    await state.checkpoint();
    const write = writerOf(state, expected);
    await write("first");

    const lift = failList(disk);
    await expect(state.checkpoint()).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect(await packsOf(folder)).toHaveLength(1);
    await expectInCopy(folder, expected);

    lift();
    await write("second");
    await state.checkpoint();
    // What was in doubt no longer is: the packs that are listed, and no others.
    expect(await packsOf(folder)).toHaveLength(1);
    expect(await allOf(state.collection(notes))).toEqual(expected);
    await expectInCopy(folder, expected);
  });

  test("by a merge, inputs and output stay, and a crash loses nothing", async () => {
    await using folder = await stateFolder();
    const disk = new FaultyFileSystem();
    const state = await folder.open({ ...settings, environment: { fileSystem: disk } });
    const expected = new Map<string, Note>();
    const write = writerOf(state, expected);
    for (const name of ["first", "second"]) {
      await write(name);
      await state.checkpoint();
    }
    expect(await packsOf(folder)).toHaveLength(2);

    const lift = failList(disk);
    await expect(state.compact()).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect(await packsOf(folder)).toHaveLength(3);
    await expectInCopy(folder, expected);

    lift();
    await state.compact();
    expect(await packsOf(folder)).toHaveLength(1);
    expect(await allOf(state.collection(notes))).toEqual(expected);
    await expectInCopy(folder, expected);
  });
});

/** From now on the folder of `checkpoint.json` can not be synced: that file has its new content by then. */
function failList(disk: FaultyFileSystem): () => void {
  return disk.set({ on: "syncDirectory", path: /\/state$/, fails: "EIO" });
}

function writerOf(state: StateDirectory, expected: Map<string, Note>): (name: string) => Promise<void> {
  return async (name) => {
    for (let number = 0; number < documents; number += 1) {
      const id = `${name}_${number}`;
      await state.collection(notes).insert(id, { text: id });
      expected.set(id, { text: id });
    }
  };
}

async function packsOf(folder: StateFolder): Promise<string[]> {
  const names = await readdir(folder.at("collections", "notes", "packs"));
  return names.filter((name) => name.endsWith(".pack"));
}

/** What the next process would find if this one were killed now. */
async function expectInCopy(folder: StateFolder, expected: ReadonlyMap<string, Note>): Promise<void> {
  const directory = await folder.crash();
  const again = await folder.open({ ...settings, directory });
  expect(again.recovery).toMatchObject({ lostDocuments: [], lostSequences: [], damage: [] });
  expect(await allOf(again.collection(notes))).toEqual(expected);
  await again.close();
  expect(await verifyStateDirectory(directory)).toMatchObject({ ok: true });
}
