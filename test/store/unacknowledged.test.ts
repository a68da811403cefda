import { expect, test } from "vitest";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { notes } from "../support/notes.js";
import { stateFolder } from "../support/state-folder.js";

test("until a write is durable nobody in the owner's process sees it, nor what it replaces gone", async () => {
  await using folder = await stateFolder();
  const disk = new FaultyFileSystem();
  const state = await folder.open({ environment: { fileSystem: disk } });
  const collection = state.collection(notes);
  await collection.insert("kept", { text: "old", tag: "t" });
  await collection.insert("deleted", { text: "old", tag: "t" });
  const sequence = state.lastSequence;

  let reached = (): void => undefined;
  let release = (): void => undefined;
  const isHeld = new Promise<void>((resolve) => (reached = resolve));
  const isReleased = new Promise<void>((resolve) => (release = resolve));
  disk.set({
    on: "write",
    path: /\.wal|next/,
    before: () => {
      reached();
      return isReleased;
    },
  });
  const writes = Promise.all([
    collection.insert("new", { text: "new", tag: "t" }),
    collection.put("kept", { text: "new", tag: "u" }),
    collection.delete("deleted"),
  ]);
  try {
    await isHeld;
    expect(await collection.get("new")).toBeUndefined();
    expect(await collection.get("kept")).toMatchObject({ revision: 1, body: { text: "old" } });
    expect((await collection.get("deleted"))?.body).toMatchObject({ text: "old" });
    expect((await collection.list()).documents.map(({ id }) => id)).toEqual(["kept", "deleted"]);
    expect(await collection.count({ where: { tag: "t" } })).toBe(2);
    expect(state.lastSequence).toBe(sequence);
  } finally {
    release();
  }
  await writes;
  expect((await collection.list()).documents.map(({ id }) => id)).toEqual(["kept", "new"]);
  expect(await collection.get("kept")).toMatchObject({ revision: 2, body: { text: "new" } });
  expect(state.lastSequence).toBeGreaterThan(sequence);
});
