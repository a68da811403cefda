import { expect, test } from "vitest";
import { filesBelow } from "../support/directory-fingerprint.js";
import { flipByteWithin } from "../support/flip-byte.js";
import { notes } from "../support/notes.js";
import { stateFolder } from "../support/state-folder.js";

test("a document that was made anew counts once, also if the deletion of the packed one before it is lost", async () => {
  await using folder = await stateFolder();
  const state = await folder.open({ packAtDocuments: 1 });
  for (const id of ["a", "b"]) await state.collection(notes).insert(id, { text: "packed" });
  await state.checkpoint();
  expect(await filesBelow(folder.at("collections", "notes"), /\.pack$/)).toHaveLength(1);
  await state.collection(notes).delete("a");
  await state.collection(notes).insert("a", { text: "anew" });
  await state.collection(notes).insert("c", { text: "new" });
  const crashed = await folder.crash();
  const [segment = ""] = await filesBelow(crashed, /\.wal$/);
  await flipByteWithin(segment, '{"delete":"notes","id":"a"');

  const recovered = await folder.open({ directory: crashed });
  expect(recovered.recovery).toMatchObject({ outcome: "degraded", lostSequences: [{}] });
  const { documents } = await recovered.collection(notes).list();
  expect(documents.map(({ id, revision, body }) => [id, revision, body.text])).toEqual([
    ["b", 1, "packed"],
    ["a", 1, "anew"],
    ["c", 1, "new"],
  ]);
  expect(await recovered.collection(notes).count()).toBe(3);
  expect(recovered.recovery.documents).toBeGreaterThanOrEqual(3);
});
