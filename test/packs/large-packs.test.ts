import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FileSystem, OpenFile } from "../../src/files/file-system.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import {
  ClockCache,
  mergePacks,
  packFileNames,
  rebuildIndex,
  writePack,
  type PackEntry,
} from "../../src/packs/index.js";
import { hashOfId } from "../../src/packs/id-filter.js";
import { temporaryFolder, type TemporaryFolder } from "../support/temporary-folder.js";
import { entryOf, keysOf, openPack, targetOf, twoIndexes, type ModelDocument } from "./model.js";

const count = 100_000;
const longValue = "a value that makes the keys of an index long, so that they do not all fit into memory at once: ";

function idOf(number: number): string {
  return `doc-${String(number).padStart(6, "0")}`;
}

function documentOf(number: number): ModelDocument {
  const created = (number * 7919) % count;
  const at = { createdSequence: created, createdIndex: 0, sequence: created, schemaVersion: 1 };
  const expiresAtMs = number % 2 === 0 ? 1_000_000 + created : Infinity;
  return {
    id: idOf(number),
    ...at,
    expiresAtMs,
    deleted: false,
    keys: [number % 500, `${longValue}${number % 1000}`, 0],
  };
}

function* entries(): Generator<PackEntry> {
  for (let number = 0; number < count; number += 1) yield entryOf(documentOf(number));
}

/** The machine's files, with the bytes counted that are read of them. */
function countingReads(): FileSystem & { bytesRead: number } {
  const counting = {
    ...nodeFileSystem,
    bytesRead: 0,
    async open(path: string, mode: Parameters<FileSystem["open"]>[1]): Promise<OpenFile> {
      const file = await nodeFileSystem.open(path, mode);
      const counted = (bytes: number): number => {
        counting.bytesRead += bytes;
        return bytes;
      };
      return {
        path,
        read: async (...range) => counted(await file.read(...range)),
        readNow: (...range) => counted(file.readNow(...range)),
        write: (...range) => file.write(...range),
        sync: () => file.sync(),
        truncate: (length) => file.truncate(length),
        size: () => file.size(),
        close: () => file.close(),
      };
    },
  };
  return counting;
}

describe("a pack of 100,000 documents", () => {
  let folder: TemporaryFolder;
  beforeAll(async () => {
    folder = await temporaryFolder();
    let pauses = 0;
    const pace = (): void => {
      pauses += 1;
    };
    const summary = await writePack({ ...targetOf(folder.path, twoIndexes), pace }, entries());
    expect(summary).toMatchObject({ documents: count, tombstones: 0, newestSequence: count - 1 });
    expect(pauses).toBeGreaterThan(count / 256);
    expect((await readdir(folder.path)).sort()).toEqual(Object.values(packFileNames(1, 9)).sort());
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  test("opens, and answers, by reading a few pieces of its index", async () => {
    const fileSystem = countingReads();
    const cache = new ClockCache(10_000_000);
    const pack = await openPack({ ...targetOf(folder.path, twoIndexes), fileSystem }, cache);
    expect(fileSystem.bytesRead).toBeLessThan(16 * 1024);
    expect(cache.bytes).toBe(0);
    expect(pack.find(idOf(77_777))?.ordinal).toBe(77_777);
    const newest = [...take(pack.walk("created", { direction: "desc" }), 20)].map(
      ({ ordinal }) => pack.at(ordinal).sequence,
    );
    expect(newest).toEqual(Array.from({ length: 20 }, (_, index) => count - 1 - index));
    expect(fileSystem.bytesRead).toBeLessThan(pack.summary.indexBytes / 20);
    await pack.retire();
    expect(cache.bytes).toBe(0);
  });

  test("is answered from as little memory as it is given", async () => {
    const cache = new ClockCache(300_000);
    const pack = await openPack(targetOf(folder.path, twoIndexes), cache);
    for (let step = 0; step < 20_000; step += 1) {
      const number = (step * 7919) % count;
      const place = pack.find(idOf(number));
      expect(place?.ordinal).toBe(number);
      if (step % 100 === 0) expect(pack.find(`${idOf(number)}x`)).toBeUndefined();
      expect(cache.bytes).toBeLessThanOrEqual(300_000);
    }
    let walked = 0;
    for (const { ordinal } of pack.walk(1, { direction: "asc", value: `${longValue}7` })) {
      expect(ordinal % 1000).toBe(7);
      walked += 1;
    }
    expect(walked).toBe(count / 1000);
    expect(cache.bytes).toBeLessThanOrEqual(300_000);
    await pack.retire();
    expect(cache.bytes).toBe(0);
  });

  test("says of almost every id that it does not have so without looking", async () => {
    const pack = await openPack(targetOf(folder.path, twoIndexes), new ClockCache(10_000_000));
    let taken = 0;
    for (let number = 0; number < 10_000; number += 1) if (knows(pack, `absent-${number}`)) taken += 1;
    expect(taken).toBeLessThan(300);
    await pack.retire();
  });

  test("is merged with a small one, and its index made anew, to the same end", async () => {
    const small = targetOf(folder.path, twoIndexes, 10, 11);
    const changed = [5, 50_000].map((number) => ({
      ...documentOf(number),
      sequence: count + number,
      deleted: number === 5,
    }));
    await writePack(
      small,
      changed.map((document) => entryOf(document)),
    );
    const packs = [await openPack(targetOf(folder.path, twoIndexes)), await openPack(small)];
    const target = targetOf(folder.path, twoIndexes, 1, 11);
    const summary = await mergePacks(target, packs, { dropTombstones: true });
    expect(summary).toMatchObject({ documents: count - 1, tombstones: 0, newestSequence: count + 50_000 });
    expect(await rebuildIndex(target, keysOf)).toEqual(summary);
    for (const pack of packs) await pack.retire();
  });
});

function* take<Item>(items: Iterable<Item>, most: number): Generator<Item> {
  let left = most;
  for (const item of items) {
    yield item;
    left -= 1;
    if (left === 0) return;
  }
}

function knows(pack: Awaited<ReturnType<typeof openPack>>, id: string): boolean {
  const bytes = Buffer.from(id);
  return pack.tables.filter.mayHold(hashOfId(bytes, bytes.length));
}
