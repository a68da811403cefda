import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { eventually } from "../support/eventually.js";
import { allOf, notes, type Note } from "../support/notes.js";
import { stateFolder } from "../support/state-folder.js";

test("a merge of newer packs keeps the tombstones of what the oldest one still has", async () => {
  await using folder = await stateFolder();
  const settings = { packAtDocuments: 5, looseLimit: 3, mergeFactor: 3, journalRetainBytes: 0 };
  // Nothing is merged before all are there.
  const state = await folder.open({ ...settings, mergeFactor: 100 });
  const collection = state.collection(notes);
  const expected = new Map<string, Note>();
  // So large that it is not merged with the small ones.
  for (let number = 0; number < 40; number += 1) {
    const body = { text: "x".repeat(10_000) };
    await collection.put(`large_${number}`, body);
    expected.set(`large_${number}`, body);
  }
  await state.checkpoint();
  const [oldest] = (await readdir(folder.at("collections", "notes", "packs"))).sort();
  for (let round = 0; round < 3; round += 1) {
    for (let number = 0; number < 6; number += 1) {
      await collection.put(`small_${round}_${number}`, { text: "small" });
      expected.set(`small_${round}_${number}`, { text: "small" });
    }
    await collection.delete(`large_${round}`);
    expected.delete(`large_${round}`);
    await state.checkpoint();
  }
  await state.close();
  const merging = await folder.open(settings);
  await merging.collection(notes).put("late", { text: "late" });
  expected.set("late", { text: "late" });
  await merging.checkpoint();
  await eventually("merging is over", () => !merging.metrics.merging);
  const packs = (await readdir(folder.at("collections", "notes", "packs"))).sort();
  expect(packs).toHaveLength(4);
  expect(packs).toContain(oldest);
  expect(await allOf(merging.collection(notes))).toEqual(expected);
  await merging.close();
  const again = await folder.open(settings);
  expect(await allOf(again.collection(notes))).toEqual(expected);
  await again.close();
  expect(await verifyStateDirectory(folder.directory)).toMatchObject({ ok: true, findings: [] });
});
