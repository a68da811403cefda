import { expect, test } from "vitest";
import { z } from "zod";
import { defineCollection } from "../../src/collections/index.js";
import { allOf, notes } from "../support/notes.js";
import { stateFolder } from "../support/state-folder.js";

const others = defineCollection({ name: "others", schema: z.looseObject({ text: z.string() }) });

test("an acknowledged transaction comes back from the journal whole, every operation of it", async () => {
  await using folder = await stateFolder();
  const collections = [notes, others];
  const state = await folder.open({ collections });
  await state.collection(notes).insert("deleted", { text: "x" });
  await state.collection(notes).insert("changed", { text: "x" });
  await state.transaction(async (transaction) => {
    await transaction.collection(notes).insert("first", { text: "1" });
    await transaction.collection(notes).put("changed", { text: "2" });
    await transaction.collection(others).insert("elsewhere", { text: "3" });
    await transaction.collection(notes).delete("deleted");
    await transaction.collection(others).insert("last", { text: "5" });
  });
  const recovered = await folder.open({ collections, directory: await folder.crash() });
  expect(recovered.recovery.journal.replayed).toBeGreaterThanOrEqual(3);
  expect(await allOf(recovered.collection(notes))).toEqual(
    new Map([
      ["changed", { text: "2" }],
      ["first", { text: "1" }],
    ]),
  );
  expect([...(await allOf(recovered.collection(others))).keys()]).toEqual(["elsewhere", "last"]);
});
