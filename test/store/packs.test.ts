import { EventEmitter, once } from "node:events";
import { readdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { FileSystem } from "../../src/files/file-system.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { eventually } from "../support/eventually.js";
import { allOf, notes, type Note } from "../support/notes.js";
import { stateFolder } from "../support/state-folder.js";

const settings = { packAtDocuments: 20, looseLimit: 10, mergeFactor: 3, cacheBytes: 0, journalRetainBytes: 0 };

function note(number: number): Note {
  return { text: `note ${number}`, tag: `tag ${number % 7}`, count: number };
}

describe("packs", () => {
  test("take what a checkpoint moves if it is much, and everything is found in them again", async () => {
    await using folder = await stateFolder();
    const expected = new Map<string, Note>();
    const state = await folder.open(settings);
    const collection = state.collection(notes);
    for (let round = 0; round < 7; round += 1) {
      await Promise.all(
        Array.from({ length: 40 }, async (_, number) => {
          const id = `note_${String((number * 37) % 40).padStart(2, "0")}_${round}`;
          await collection.insert(id, note(number));
          expected.set(id, note(number));
        }),
      );
      // Some of what is packed is replaced, some deleted.
      for (const id of [...expected.keys()].filter((_, index) => index % 11 === round)) {
        await collection.put(id, note(1_000 + round));
        expected.set(id, note(1_000 + round));
      }
      for (const id of [...expected.keys()].filter((_, index) => index % 13 === round)) {
        expect(await collection.delete(id)).toBe(true);
        expected.delete(id);
      }
      await state.checkpoint();
      expect(await allOf(collection)).toEqual(expected);
      expect(await collection.count()).toBe(expected.size);
    }
    await eventually("merging is over", () => !state.metrics.merging);
    expect(await readdir(folder.at("collections", "notes", "packs"))).not.toHaveLength(0);
    expect(await readdir(folder.at("collections", "notes", "documents")).catch(() => [])).toEqual([]);
    for (const tag of ["tag 0", "tag 3"]) {
      const wanted = [...expected].filter(([, body]) => body.tag === tag).map(([id]) => id);
      const found = await collection.list({ where: { tag }, limit: 1_000 });
      expect(found.documents.map(({ id }) => id).sort()).toEqual(wanted.sort());
      expect(await collection.count({ where: { tag } })).toBe(wanted.length);
    }
    await state.close();
    expect((await verifyStateDirectory(folder.directory)).findings).toEqual([]);
    const again = await folder.open(settings);
    expect(again.recovery).toMatchObject({ outcome: "clean", documents: expect.any(Number) as number });
    expect(await allOf(again.collection(notes))).toEqual(expected);
    await again.compact();
    expect(await readdir(folder.at("collections", "notes", "packs"))).toHaveLength(2);
    expect(await allOf(again.collection(notes))).toEqual(expected);
    const reader = await folder.open({ ...settings, mode: "reader" });
    expect(await allOf(reader.collection(notes))).toEqual(expected);
    await again.collection(notes).put("late", note(1));
    await again.close();
    await eventually("the reader sees it", async () => (await reader.collection(notes).get("late")) !== undefined);
    expect(await reader.collection(notes).count()).toBe(expected.size + 1);
  });

  test("do not bring back what was deleted while they were being written", async () => {
    await using folder = await stateFolder();
    const turns = new EventEmitter();
    const reading = once(turns, "reading");
    const goOn = once(turns, "go on");
    let isHeld = false;
    const fileSystem: FileSystem = {
      ...nodeFileSystem,
      readFile: async (path) => {
        if (isHeld && path.includes("documents")) {
          turns.emit("reading");
          await goOn;
        }
        return nodeFileSystem.readFile(path);
      },
    };
    const state = await folder.open({
      ...settings,
      packAtDocuments: 1_000,
      looseLimit: 2,
      environment: { fileSystem },
    });
    const collection = state.collection(notes);
    for (const id of ["loose_1", "loose_2"]) await collection.insert(id, note(1));
    await state.checkpoint();
    for (const id of ["new_1", "new_2"]) await collection.insert(id, note(2));
    isHeld = true;
    // One document too many for loose files: they are all packed, and read for it.
    const checkpoint = state.checkpoint();
    await reading;
    for (const id of ["loose_1", "new_1"]) expect(await collection.delete(id)).toBe(true);
    turns.emit("go on");
    await checkpoint;
    expect(state.metrics.checkpoints).toBe(2);
    for (const id of ["loose_1", "new_1"]) {
      expect(await collection.get(id)).toBeUndefined();
      expect(await collection.delete(id)).toBe(false);
    }
    expect(await allOf(collection)).toEqual(
      new Map([
        ["loose_2", note(1)],
        ["new_2", note(2)],
      ]),
    );
    await state.close();
    const again = await folder.open();
    expect([...(await allOf(again.collection(notes))).keys()].sort()).toEqual(["loose_2", "new_2"]);
  });
});
