import { stat, truncate } from "node:fs/promises";
import { expect, test } from "vitest";
import { openReaderParts, type OpenedReader } from "../../src/store/open-reader.js";
import { systemEnvironment } from "../../src/store/open-options.js";
import { parseStoreOptions } from "../../src/store/options.js";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { notes } from "../support/notes.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";

const settings = { packAtDocuments: 5, looseLimit: 100, checkpointIdleMs: 1_000_000 };

async function readerOf(folder: StateFolder): Promise<OpenedReader> {
  return await openReaderParts({
    directory: folder.directory,
    settings: parseStoreOptions({}),
    environment: { ...systemEnvironment, collections: [notes], onProgress: undefined },
  });
}

test("a reader that hears of a pack only after the deletion of what went into it does not bring it back", async () => {
  await using folder = await stateFolder();
  const state = await folder.open(settings);
  const collection = state.collection(notes);
  await collection.put("deleted", { text: "in no pack yet" });
  await collection.put("kept", { text: "in no pack yet" });
  const source = await readerOf(folder);
  try {
    const read = source.store.collection(notes);
    const release = source.reader.holdBodies();
    for (let number = 0; number < 10; number += 1) await collection.put(`filling-${number}`, { text: "x" });
    await state.checkpoint();
    await collection.delete("deleted");
    await source.reader.catchUp();
    expect(await read.get("deleted")).toBeUndefined();
    expect(source.registry.open("notes").packs.packs).toHaveLength(0);
    release();
    await source.reader.catchUp();
    expect(source.registry.open("notes").packs.packs).toHaveLength(1);
    expect(await read.get("deleted")).toBeUndefined();
    expect((await read.list({ limit: 100 })).documents.map(({ id }) => id)).not.toContain("deleted");
    expect(await read.count()).toBe(11);
    expect(await read.get("kept")).toBeDefined();
    // The next pack says it itself.
    for (let number = 10; number < 20; number += 1) await collection.put(`filling-${number}`, { text: "x" });
    await state.checkpoint();
    await source.reader.catchUp();
    expect(await read.get("deleted")).toBeUndefined();
    expect(await read.count()).toBe(21);
  } finally {
    await source.store.close();
  }
});

test("a reader that holds bodies finds a document whose file has gone into a pack", async () => {
  await using folder = await stateFolder();
  const state = await folder.open({ ...settings, looseLimit: 6 });
  const collection = state.collection(notes);
  await collection.put("moved", { text: "in a file of its own" });
  await state.checkpoint();
  const source = await readerOf(folder);
  try {
    const release = source.reader.holdBodies();
    for (let round = 0; round < 3; round += 1) {
      for (let number = 0; number < 4; number += 1) await collection.put(`filling-${round}-${number}`, { text: "x" });
      await state.checkpoint();
    }
    expect(state.metrics).toMatchObject({ packs: 1 });
    expect(await source.store.collection(notes).get("moved")).toMatchObject({ body: { text: "in a file of its own" } });
    release();
  } finally {
    await source.store.close();
  }
});

test("a reader takes in what the owner could save of a damaged pack, which has the name of the one that it has open", async () => {
  await using folder = await stateFolder();
  const state = await folder.open({ ...settings, cacheBytes: 0, journalRetainBytes: 0 });
  for (let number = 0; number < 10; number += 1) await state.collection(notes).put(`n${number}`, { text: "packed" });
  await state.checkpoint();
  await state.close();
  const later = await folder.open({ ...settings, journalRetainBytes: 0 });
  await later.checkpoint();
  await later.close();
  const source = await readerOf(folder);
  try {
    const read = source.store.collection(notes);
    expect(await read.get("n9")).toBeDefined();
    expect(await read.count()).toBe(10);
    const [path = ""] = await filesBelow(folder.directory, /\.pack$/);
    await truncate(path, (await stat(path)).size - 10);
    const owner = await folder.open({ ...settings, journalRetainBytes: 0 });
    expect(owner.recovery.lostDocuments).toEqual([{ collection: "notes", id: "n9" }]);
    await owner.checkpoint();
    await source.reader.catchUp();
    expect(await read.get("n9")).toBeUndefined();
    expect(await read.count()).toBe(9);
    expect((await read.list({ limit: 100 })).documents).toHaveLength(9);
    await owner.collection(notes).put("n9", { text: "again" });
    await source.reader.catchUp();
    expect(await read.count()).toBe(10);
  } finally {
    await source.store.close();
  }
});

test.each([
  ["gives packs another index", false],
  ["opens packs that have another index", true],
])(
  "a reader that %s goes on with the pack that they were merged into meanwhile",
  async (_what, isDeclaredAtOpening) => {
    await using folder = await stateFolder();
    const owner = await folder.open(settings);
    for (let pack = 0; pack < 3; pack += 1) {
      for (let number = 0; number < 8; number += 1)
        await owner.collection(notes).put(`n${pack}_${number}`, { text: "packed", count: number });
      await owner.checkpoint();
    }
    const disk = new FaultyFileSystem();
    const definition = { ...notes, indexes: { count: { path: "count" } } };
    // Opening opens each pack, and then, where the definition is known, each one's lines.
    const nth = isDeclaredAtOpening ? 4 : 1;
    const hold = (): unknown =>
      disk.set({ on: "open", path: /notes\/packs\/.*\.pack$/, nth, times: 1, before: () => owner.compact() });
    if (isDeclaredAtOpening) hold();
    const collections = isDeclaredAtOpening ? [definition] : [];
    const reader = await folder.open({ mode: "reader", collections, environment: { fileSystem: disk } });
    if (!isDeclaredAtOpening) hold();
    const counted = reader.collection(definition);
    expect(await counted.count({ where: { count: 2 } })).toBe(3);
    expect(reader.metrics).toMatchObject({ packs: 1 });
    expect(await counted.count()).toBe(24);
  },
);
