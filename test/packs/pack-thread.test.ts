import { createHash } from "node:crypto";
import { copyFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { EncodedText } from "../../src/files/encoded-text.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { packFileNames, type Pack, type PackContent, type PackDocument } from "../../src/packs/index.js";
import { LocalPackMaker } from "../../src/packs/local-pack-maker.js";
import type { PackMaker, PackPlan } from "../../src/packs/pack-maker.js";
import { ThreadedPackMaker } from "../../src/packs/thread/threaded-pack-maker.js";
import { flipByte } from "../support/flip-byte.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { collection, openPack, storeId, twoIndexesAndOrder } from "./model.js";

/** The program as it is built: a thread can not run the sources. */
const program = pathToFileURL(join(import.meta.dirname, "../../dist/packs/thread/main.js"));
/** More than are written without a thread. */
const documents = 5_000;
const local = new LocalPackMaker(nodeFileSystem);
const noProgress = (): void => undefined;
const how = { dropTombstones: false, bytesPerSecond: 1024 ** 3 };

function threaded(url = program): ThreadedPackMaker {
  const maker = new ThreadedPackMaker(local, url);
  onTestFinished(() => maker.close());
  return maker;
}

function planOf(directory: string, lo = 1, hi = 9): PackPlan {
  return { directory, storeId, collection, lo, hi, columns: twoIndexesAndOrder };
}

/** As a body stands among the bytes of the journal. */
function encoded(body: string): EncodedText {
  const bytes = Buffer.from(`before ${body} behind`);
  return new EncodedText(bytes, "before ".length, bytes.length - " behind".length);
}

/** Documents of all kinds: tombstones, with members unknown, with times of expiry, with and without values. */
function contentOf(count = documents, sequence = 5): PackContent {
  const all = Array.from({ length: count }, (_, number): PackDocument => {
    const deleted = number % 11 === 0;
    const envelope = {
      kind: collection,
      schemaVersion: 1 + (number % 3),
      id: `doc-${String(number).padStart(6, "0")}-é\ud83d\ude00`,
      revision: 1 + (number % 5),
      sequence,
      createdAt: "2026-03-01T12:00:00.000Z",
      createdSequence: 1 + (number % 4),
      createdIndex: number,
      updatedAt: "2026-03-01T12:00:01.000Z",
      ...(number % 7 === 0 ? { expiresAt: "2027-03-01T12:00:00.000Z" } : {}),
      ...(number % 13 === 0 ? { unknown: { later: { number } } } : {}),
      ...(deleted ? { deleted } : {}),
    } as const;
    const keys = [number % 3 === 0 ? undefined : `value ${number % 50}`, number % 2 === 0, number / 3];
    const body = deleted ? "null" : JSON.stringify({ text: `ü${number}${"x".repeat(300)}` });
    return { envelope, body: number % 2 === 0 ? body : encoded(body), keys };
  });
  return { size: count, [Symbol.iterator]: () => all[Symbol.iterator]() };
}

/** Says of both files of a pack what they hold, in few bytes. */
async function hashesOf(directory: string, lo = 1, hi = 9): Promise<string[]> {
  const names = Object.values(packFileNames(lo, hi)) as string[];
  const files = await Promise.all(names.map((name) => readFile(join(directory, name))));
  return files.map((bytes) => createHash("sha256").update(bytes).digest("hex"));
}

/** Three packs of the same ids, one above the other, in each of the folders. */
async function threePacks(...directories: readonly string[]): Promise<void> {
  const [first = "", ...others] = directories;
  for (const number of [1, 2, 3]) {
    await local.write(planOf(first, number, number), contentOf(documents / number, number), noProgress);
    for (const other of others)
      for (const name of Object.values(packFileNames(number, number)) as string[])
        await copyFile(join(first, name), join(other, name));
  }
}

async function openThree(directory: string): Promise<Pack[]> {
  const packs: Pack[] = [];
  for (const number of [1, 2, 3])
    packs.push(await openPack({ fileSystem: nodeFileSystem, directory, lo: number, hi: number }));
  onTestFinished(async () => {
    for (const pack of packs) await pack.retire();
  });
  return packs;
}

async function mergeThree(maker: PackMaker, directory: string, onProgress = noProgress): Promise<void> {
  await maker.merge(planOf(directory, 1, 3), await openThree(directory), how, onProgress);
}

async function stopped(work: (onProgress: () => void) => Promise<void>): Promise<void> {
  const enough = new Error("enough");
  let calls = 0;
  const outcome = work(() => {
    calls += 1;
    if (calls === 3) throw enough;
  });
  await expect(outcome).rejects.toBe(enough);
  expect(calls).toBe(3);
}

describe("a thread that makes packs", () => {
  test("writes the very bytes that would be written without it", async () => {
    await using here = await temporaryFolder();
    await using there = await temporaryFolder();
    await local.write(planOf(here.path), contentOf(), noProgress);
    let progress = 0;
    await threaded().write(planOf(there.path), contentOf(), () => {
      progress += 1;
    });
    expect(await hashesOf(there.path)).toEqual(await hashesOf(here.path));
    expect(progress).toBeGreaterThan(0);
    expect(await readdir(there.path)).toHaveLength(2);
  });

  test("writes packs whose documents fill their last batch, or are none, as well", async () => {
    await using here = await temporaryFolder();
    await using there = await temporaryFolder();
    const maker = threaded();
    for (const count of [4_096, 128, 0]) {
      await local.write(planOf(here.path), contentOf(count), noProgress);
      await maker.write(planOf(there.path), contentOf(count), noProgress);
      expect(await hashesOf(there.path)).toEqual(await hashesOf(here.path));
    }
  });

  test("writes documents of megabytes, of which only a few are handed over at once", async () => {
    await using here = await temporaryFolder();
    await using there = await temporaryFolder();
    const maker = threaded();
    await maker.write(planOf(there.path), contentOf(), noProgress);
    let handedOver = 0;
    let largest = 0;
    const large: PackContent = {
      size: 24,
      *[Symbol.iterator]() {
        for (const document of contentOf(24)) {
          handedOver += 1;
          yield { ...document, body: JSON.stringify("x".repeat(1024 * 1024)) };
        }
      },
    };
    await local.write(planOf(here.path), large, noProgress);
    handedOver = 0;
    let isFirst = true;
    await maker.write(planOf(there.path), large, () => {
      if (isFirst) largest = handedOver;
      isFirst = false;
    });
    expect(await hashesOf(there.path)).toEqual(await hashesOf(here.path));
    expect(largest).toBeLessThan(5);
    expect(handedOver).toBe(24);
  });

  test("merges to the very bytes, while it writes another pack", async () => {
    await using here = await temporaryFolder();
    await using there = await temporaryFolder();
    await using beside = await temporaryFolder();
    await threePacks(here.path, there.path);
    const maker = threaded();
    await Promise.all([
      mergeThree(local, here.path),
      mergeThree(maker, there.path),
      maker.write(planOf(beside.path), contentOf(), noProgress),
    ]);
    expect(await hashesOf(there.path, 1, 3)).toEqual(await hashesOf(here.path, 1, 3));
    expect(await hashesOf(beside.path)).toHaveLength(2);
  });

  test("leaves nothing when its caller wants the pack no more, and makes the next one", async () => {
    await using folder = await temporaryFolder();
    const maker = threaded();
    await stopped((onProgress) => maker.write(planOf(folder.path), contentOf(), onProgress));
    expect(await readdir(folder.path)).toEqual([]);
    await threePacks(folder.path);
    const before = (await readdir(folder.path)).sort();
    await stopped((onProgress) => mergeThree(maker, folder.path, onProgress));
    expect((await readdir(folder.path)).sort()).toEqual(before);
    await mergeThree(maker, folder.path);
    expect(await readdir(folder.path)).toHaveLength(before.length + 2);
  });

  test("tells what the system refused as the system tells it", async () => {
    await using folder = await temporaryFolder();
    const directory = join(folder.path, "missing");
    const outcome = threaded().write(planOf(directory), contentOf(), noProgress);
    await expect(outcome).rejects.toMatchObject({
      code: "ENOENT",
      syscall: "open",
      path: expect.any(String) as string,
    });
  });

  test("lets damage be met by the packs that are open here", async () => {
    await using folder = await temporaryFolder();
    await threePacks(folder.path);
    const before = (await readdir(folder.path)).sort();
    await flipByte(join(folder.path, packFileNames(2, 2).index), 100);
    const packs = await openThree(folder.path);
    const outcome = threaded().merge(planOf(folder.path, 1, 3), packs, how, noProgress);
    await expect(outcome).rejects.toMatchObject({ name: "HoldfastError", code: "CORRUPT" });
    expect(packs.map(({ hasDamagedIndex }) => hasDamagedIndex)).toEqual([false, true, false]);
    expect((await readdir(folder.path)).sort()).toEqual(before);
  });
});

describe("without its thread", () => {
  /** Ends at the message of this number, be it the first, or one in the middle of a pack. */
  const endingAt = (message: number): URL =>
    new URL(
      `data:text/javascript,${encodeURIComponent(`
        import { parentPort } from "node:worker_threads";
        await import(${JSON.stringify(program.href)});
        let heard = 0;
        parentPort.on("message", () => { heard += 1; if (heard === ${message}) process.exit(3); });`)}`,
    );

  test.each([
    ["that can not be started", new URL("missing.js", program), "Cannot find module"],
    ["that ends at once", endingAt(1), "it ended with code 3"],
    ["that ends in the middle of a pack", endingAt(12), "it ended with code 3"],
  ])("one %s, packs are whole, and are made here from then on", async (_, url, why) => {
    await using here = await temporaryFolder();
    await using there = await temporaryFolder();
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    onTestFinished(() => {
      warn.mockRestore();
    });
    const maker = threaded(url);
    await local.write(planOf(here.path), contentOf(), noProgress);
    await maker.write(planOf(there.path), contentOf(), noProgress);
    expect(await hashesOf(there.path)).toEqual(await hashesOf(here.path));
    expect(warn).toHaveBeenCalledTimes(1);
    expect(String(warn.mock.calls[0]?.[0])).toContain(why);
    await maker.write(planOf(there.path, 10, 11), contentOf(), noProgress);
    expect(await readdir(there.path)).toEqual(expect.arrayContaining(Object.values(packFileNames(10, 11))));
    expect(warn).toHaveBeenCalledTimes(1);
  });
});
