import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { allOf, notes } from "../support/notes.js";
import { stateFolder } from "../support/state-folder.js";

test("a directory whose claims were lost counts its epochs on, and later writes stay behind earlier ones", async () => {
  await using folder = await stateFolder();
  for (let epoch = 1; epoch <= 4; epoch += 1) {
    const state = await folder.open();
    expect(state.epoch).toBe(epoch);
    expect(state.recovery.damage).toEqual([]);
    await state.collection(notes).put("same", { text: `of epoch ${epoch}` });
    await state.collection(notes).put(`own-${epoch}`, { text: "x" });
    expect(await allOf(state.collection(notes))).toHaveProperty("size", epoch + 1);
    await state.close();
    await rm(folder.at("epochs"), { recursive: true });
    await rm(folder.at("writer.json"));
  }
  const last = await folder.open();
  expect((await last.collection(notes).get("same"))?.body).toEqual({ text: "of epoch 4" });
  expect(await allOf(last.collection(notes))).toHaveProperty("size", 5);
});
