import { readdir, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { Layout } from "../../src/files/layout.js";
import { Reserve } from "../../src/store/reserve.js";
import { WrittenCheckpoint } from "../../src/store/written-checkpoint.js";
import type { Checkpoint } from "../../src/store/checkpoint-file.js";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const old: Checkpoint = {
  format: 1,
  storeId: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
  sequence: 4,
  writtenAt: "2026-03-01T12:00:00.000Z",
  expiryClock: 1,
  documents: {},
  packs: {},
};

test("a list that recovery made stale stays so when the doubt about another is ended with it", async () => {
  await using folder = await temporaryFolder();
  const fileSystem = new FaultyFileSystem();
  const layout = new Layout(folder.path);
  const reserve = new Reserve(fileSystem, layout.reserve);
  const written = new WrittenCheckpoint({ fileSystem, layout, reserve, checkpoint: old, isListStale: true });
  const lift = fileSystem.set({ on: "syncDirectory", fails: "EIO" });
  await expect(written.write({ ...old, sequence: 5 })).rejects.toMatchObject({ code: "EIO" });
  lift();
  // It puts back the old list, which still names packs that recovery has put others in the place of.
  await written.settle();
  expect(written.content).toEqual(old);
  expect(written.isStale).toBe(true);
  await written.write({ ...old, sequence: 5 });
  expect(written.isStale).toBe(false);
});

test("every removal is tried, one that fails is tried anew before the next pack, and the first failure is told", async () => {
  await using folder = await temporaryFolder();
  const fileSystem = new FaultyFileSystem();
  const layout = new Layout(folder.path);
  const reserve = new Reserve(fileSystem, layout.reserve);
  const written = new WrittenCheckpoint({ fileSystem, layout, reserve, checkpoint: old, isListStale: false });
  const lift = fileSystem.set({ on: "syncDirectory", fails: "EIO" });
  await expect(written.write({ ...old, sequence: 5 })).rejects.toMatchObject({ code: "EIO" });
  lift();
  const names = ["first", "second", "third", "fourth"].map((name) => folder.at(name));
  for (const name of names) {
    await writeFile(name, "");
    await written.giveUp(() => fileSystem.remove(name));
  }
  const left = async (): Promise<string[]> =>
    (await readdir(folder.path)).filter((name) => names.includes(folder.at(name))).sort();
  // The list is in doubt: nothing goes yet.
  expect(await left()).toHaveLength(4);
  fileSystem.set({ on: "remove", path: /first$/, times: 1, fails: "EACCES" });
  fileSystem.set({ on: "remove", path: /third$/, times: 1, fails: "EIO" });
  await expect(written.settle()).rejects.toMatchObject({ code: "EACCES" });
  expect(await left()).toEqual(["first", "third"]);
  await written.settle();
  expect(await left()).toEqual([]);
});

test("a pack that can not be given up at once does not fail whoever gives it up, and goes before the next one", async () => {
  await using folder = await temporaryFolder();
  const fileSystem = new FaultyFileSystem();
  const layout = new Layout(folder.path);
  const reserve = new Reserve(fileSystem, layout.reserve);
  const written = new WrittenCheckpoint({ fileSystem, layout, reserve, checkpoint: old, isListStale: false });
  await writeFile(folder.at("pack"), "");
  fileSystem.set({ on: "remove", path: /pack$/, times: 2, fails: "EACCES" });
  await written.giveUp(() => fileSystem.remove(folder.at("pack")));
  await expect(written.settle()).rejects.toMatchObject({ code: "EACCES" });
  await written.settle();
  expect(await readdir(folder.path)).not.toContain("pack");
});
