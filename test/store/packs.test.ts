import { readdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
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
});
