import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isHoldfastError } from "../../src/errors.js";
import { packFileNames, parsePackName, sameColumns } from "../../src/packs/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { noColumns, openPack, packOf, targetOf, twoIndexes, twoIndexesAndOrder, type ModelDocument } from "./model.js";

const one: ModelDocument = {
  id: "one",
  sequence: 1,
  createdSequence: 1,
  createdIndex: 0,
  expiresAtMs: Infinity,
  schemaVersion: 1,
  deleted: false,
  keys: [],
};

test("a pack that is retired serves those who retain it, though its files are gone, and is closed after the last", async () => {
  await using folder = await temporaryFolder();
  const target = targetOf(folder.path, noColumns);
  await packOf(target, [one]);
  const pack = await openPack(target);
  pack.retain();
  pack.retain();
  let isClosed = false;
  const retired = pack.retire().then(() => {
    isClosed = true;
  });
  for (const name of await readdir(folder.path)) await rm(join(folder.path, name));
  pack.release();
  await new Promise((resolve) => setImmediate(resolve));
  expect(isClosed).toBe(false);
  const place = pack.find("one");
  expect(place && (await pack.read(place)).envelope.id).toBe("one");
  const walk = pack.walk("created", { direction: "asc" });
  expect(walk.next().done).toBe(false);
  pack.release();
  await retired;
  for (const ask of [
    () => pack.find("one"),
    () => pack.at(0),
    () => {
      pack.retain();
    },
    () => walk.next(),
  ]) {
    expect(ask).toThrow(expect.objectContaining({ code: "CLOSED" }) as Error);
  }
  await pack.retire();
});

test("reading the whole of a pack retains it", async () => {
  await using folder = await temporaryFolder();
  const target = targetOf(folder.path, noColumns);
  await packOf(target, [one, { ...one, id: "two", createdIndex: 1 }]);
  const pack = await openPack(target);
  const ids: string[] = [];
  let retired: Promise<void> | undefined;
  for await (const { place } of pack.documents()) {
    ids.push(place.id);
    retired ??= pack.retire();
  }
  expect(ids).toEqual(["one", "two"]);
  await retired;
  await expect(pack.documents().next()).rejects.toSatisfy((error) => isHoldfastError(error, "CLOSED"));
});

test("the names of a pack's files are read as they are written, and no other name is", () => {
  const names = packFileNames(7, 12_345);
  expect(names).toEqual({
    pack: "0000000000000007-0000000000012345.pack",
    index: "0000000000000007-0000000000012345.idx",
  });
  expect(parsePackName(names.pack)).toEqual({ lo: 7, hi: 12_345, kind: "pack" });
  expect(parsePackName(names.index)).toEqual({ lo: 7, hi: 12_345, kind: "index" });
  for (const other of ["7-12345.pack", `${names.pack}.0123456789ab.tmp`, "runs", names.pack.toUpperCase()]) {
    expect(parsePackName(other)).toBeUndefined();
  }
});

test("columns are the same if their paths, their order and their schema version are", () => {
  expect(sameColumns(twoIndexes, { ...twoIndexes, indexes: ["a", "b"] })).toBe(true);
  const others = [
    twoIndexesAndOrder,
    noColumns,
    { ...twoIndexes, indexes: ["b", "a"] },
    { ...twoIndexes, schemaVersion: 4 },
  ];
  for (const other of others) expect(sameColumns(twoIndexes, other)).toBe(false);
});
