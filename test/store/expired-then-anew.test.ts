import { describe, expect, test } from "vitest";
import { defineCollection } from "../../src/collections/index.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { eventually } from "../support/eventually.js";
import { dayMs, ManualClock } from "../support/manual-clock.js";
import { allOf, noteSchema, type Note } from "../support/notes.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";

const daily = defineCollection<Note>({ name: "daily", schema: noteSchema, retention: { timeToLiveMs: dayMs } });

const expected = new Map([
  ["expired", { text: "anew" }],
  ["kept", { text: "before" }],
]);

interface Prepared extends AsyncDisposable {
  readonly folder: StateFolder;
  readonly state: StateDirectory;
  readonly settings: Parameters<StateFolder["open"]>[0];
}

/** One document that has expired and is in a pack, and one that never does. */
async function prepared(): Promise<Prepared> {
  const folder = await stateFolder();
  const clock = new ManualClock();
  const environment = { clock, fileSystem: nodeFileSystem };
  const settings = { collections: [daily], packAtDocuments: 2, looseLimit: 0, sweepMs: 3_600_000, environment };
  const state = await folder.open(settings);
  await state.collection(daily).insert("expired", { text: "before" });
  await state.collection(daily).insert("kept", { text: "before" }, { expiresAt: null });
  await state.checkpoint();
  expect(await filesBelow(folder.at("collections", "daily"), /\.pack$/)).toHaveLength(1);
  clock.pass(dayMs);
  return { folder, state, settings, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

// The commit deletes the expired document and makes the new one: both have the same sequence number.
describe("a packed document that expired and was written anew", () => {
  test("is there after a kill", async () => {
    await using at = await prepared();
    await at.state.collection(daily).insert("expired", { text: "anew" });
    const recovered = await at.folder.open({ ...at.settings, directory: await at.folder.crash() });
    expect(await allOf(recovered.collection(daily))).toEqual(expected);
    expect(await recovered.collection(daily).count()).toBe(2);
    await recovered.checkpoint();
    const again = await at.folder.open({ ...at.settings, directory: await at.folder.crash(recovered.directory) });
    expect(await allOf(again.collection(daily))).toEqual(expected);
    expect(await again.collection(daily).count()).toBe(2);
  });

  test("is seen by a reader that follows", async () => {
    await using at = await prepared();
    const reader = await at.folder.open({ ...at.settings, mode: "reader" });
    await at.state.collection(daily).insert("expired", { text: "anew" });
    await eventually("the reader is up to date", () => reader.lastSequence === at.state.lastSequence);
    expect(await allOf(reader.collection(daily))).toEqual(expected);
    expect(await reader.collection(daily).count()).toBe(2);
  });
});
