import { readdir, readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import {
  mergePacks,
  packFileNames,
  rebuildIndex,
  verifyPack,
  writePack,
  type PackEntry,
} from "../../src/packs/index.js";
import { FaultyFileSystem, type DiskFault } from "../faults/faulty-file-system.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { entryOf, keysOf, openPack, packOf, targetOf, twoIndexes, type ModelDocument } from "./model.js";

const filling = "x".repeat(500);
const model = Array.from({ length: 2000 }, (_, number): ModelDocument => {
  const id = `doc-${String(number).padStart(6, "0")}`;
  const at = { createdSequence: number, createdIndex: 0, sequence: number, schemaVersion: 1 };
  return { id, ...at, expiresAtMs: Infinity, deleted: false, keys: [number % 7, `${number % 100}`, undefined] };
});
const entries = model.map((document) => entryOf(document, filling));
const names = packFileNames(1, 9);

/** Each call of the writing of a pack in turn: two files are created, written in several pieces, synced and renamed. */
const faults: readonly DiskFault[] = [
  { on: "create", nth: 1, times: 1, fails: "EIO" },
  { on: "create", nth: 2, times: 1, fails: "EIO" },
  { on: "write", nth: 1, times: 1, fails: "EIO" },
  { on: "write", nth: 3, times: 1, fails: "EIO" },
  { on: "write", nth: 2, times: 1, writesOnly: 0 },
  { on: "sync", nth: 1, times: 1, fails: "EIO" },
  { on: "sync", nth: 2, times: 1, fails: "EIO" },
  { on: "rename", nth: 1, times: 1, fails: "EIO" },
  { on: "rename", nth: 2, times: 1, fails: "EIO" },
];

describe("a pack that can not be written", () => {
  test.each(faults)("because of $on number $nth leaves nothing", async (fault) => {
    await using folder = await temporaryFolder();
    const fileSystem = new FaultyFileSystem();
    const lift = fileSystem.set(fault);
    const target = { ...targetOf(folder.path, twoIndexes), fileSystem };
    await expect(writePack(target, entries)).rejects.toMatchObject({ code: "EIO" });
    expect(await readdir(folder.path)).toEqual([]);
    lift();
    await writePack(target, entries);
    expect((await readdir(folder.path)).sort()).toEqual([names.index, names.pack]);
  });

  test("because the disk is full leaves nothing, wherever it gets full", async () => {
    await using folder = await temporaryFolder();
    for (const spaceLeft of [1, 100_000, 300_000, 1_400_000, 1_500_000]) {
      const fileSystem = new FaultyFileSystem();
      fileSystem.spaceLeft = spaceLeft;
      const target = { ...targetOf(folder.path, twoIndexes), fileSystem };
      await expect(writePack(target, entries)).rejects.toMatchObject({ code: "ENOSPC" });
      expect(await readdir(folder.path)).toEqual([]);
      expect(fileSystem.spaceLeft).toBe(spaceLeft);
    }
  });

  test("because its entries fail, are out of order or are no line leaves nothing", async () => {
    await using folder = await temporaryFolder();
    const target = targetOf(folder.path, twoIndexes);
    const [first, second] = entries;
    if (first === undefined || second === undefined) throw new Error("there are entries");
    async function* failing(before: PackEntry): AsyncGenerator<readonly PackEntry[]> {
      yield [before];
      await Promise.resolve();
      throw new Error("no more");
    }
    await expect(writePack(target, failing(first))).rejects.toThrow("no more");
    const twoLines = Buffer.concat([first.line, first.line]);
    for (const wrong of [
      [second, first],
      [first, first],
      [{ ...first, line: twoLines }],
      [{ ...first, line: twoLines.subarray(0, 9) }],
    ]) {
      await expect(writePack(target, wrong)).rejects.toMatchObject({ code: "INVALID_DOCUMENT" });
    }
    const stopping = { ...target, pace: () => Promise.reject(new Error("stopped")) };
    await expect(writePack(stopping, entries)).rejects.toThrow("stopped");
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("in one go is written in many", async () => {
    await using folder = await temporaryFolder();
    const fileSystem = new FaultyFileSystem();
    fileSystem.set({ on: "write", writesOnly: 10_007 });
    const target = { ...targetOf(folder.path, twoIndexes), fileSystem };
    async function* oneByOne(): AsyncGenerator<readonly PackEntry[]> {
      for (const entry of entries) {
        await Promise.resolve();
        yield [entry];
      }
    }
    await writePack(target, oneByOne());
    const pack = await openPack(target);
    await verifyPack(
      pack,
      ({ detail }) => expect.fail(detail),
      () => undefined,
    );
    await pack.retire();
  });
});

test("an index that can not be written anew leaves the old one", async () => {
  await using folder = await temporaryFolder();
  const fileSystem = new FaultyFileSystem();
  const target = { ...targetOf(folder.path, twoIndexes), fileSystem };
  await writePack(target, entries);
  const before = await readFile(folder.at(names.index));
  for (const on of ["create", "write", "sync", "rename", "read"] as const) {
    const lift = fileSystem.set({ on, fails: "EIO" });
    await expect(rebuildIndex({ ...target, columns: { ...twoIndexes, schemaVersion: 4 } }, keysOf)).rejects.toThrow(
      "EIO",
    );
    lift();
    expect(await readFile(folder.at(names.index))).toEqual(before);
    expect((await readdir(folder.path)).sort()).toEqual([names.index, names.pack]);
  }
});

test("a merge that fails leaves the packs as they were, and lets go of them", async () => {
  await using folder = await temporaryFolder();
  const fileSystem = new FaultyFileSystem();
  const sources = [targetOf(folder.path, twoIndexes, 1, 2), targetOf(folder.path, twoIndexes, 3, 4)];
  for (const source of sources) await packOf(source, model);
  const packs = await Promise.all(sources.map((source) => openPack({ ...source, fileSystem })));
  const before = (await readdir(folder.path)).sort();
  const target = { ...targetOf(folder.path, twoIndexes, 1, 4), fileSystem };
  for (const fault of [...faults, { on: "read", fails: "EIO" } as const]) {
    const lift = fileSystem.set(fault);
    await expect(mergePacks(target, packs, { dropTombstones: true })).rejects.toThrow();
    lift();
    expect((await readdir(folder.path)).sort()).toEqual(before);
  }
  for (const pack of packs) {
    await pack.retire();
    expect(() => pack.find("doc-000001")).toThrow("closed");
  }
});

test("what can not be read is told as such, and never as absence", async () => {
  await using folder = await temporaryFolder();
  const fileSystem = new FaultyFileSystem();
  const target = { ...targetOf(folder.path, twoIndexes), fileSystem };
  await writePack(target, entries);
  const pack = await openPack(target);
  const place = pack.at(5);
  const lift = fileSystem.set({ on: "read", fails: "EIO" });
  for (const ask of [
    () => pack.find("doc-000001"),
    () => pack.find("nobody"),
    () => pack.readNow(place),
    () => [...pack.walk("created", { direction: "asc" })],
  ]) {
    expect(ask).toThrow(expect.objectContaining({ code: "STORAGE_FAILED" }) as Error);
  }
  await expect(pack.read(place)).rejects.toMatchObject({ code: "STORAGE_FAILED" });
  lift();
  expect(pack.find("doc-000005")).toEqual(place);
  expect(pack.find("nobody")).toBeUndefined();
  expect((await pack.read(place)).envelope.id).toBe("doc-000005");
  await pack.retire();
});
