import fc from "fast-check";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import {
  ClockCache,
  openRebuilt,
  packFileNames,
  rebuildIndex,
  verifyPack,
  type PackColumns,
} from "../../src/packs/index.js";
import { rejectionOf } from "../support/rejection.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { documents } from "./arbitrary-documents.js";
import { keysOf, noColumns, openPack, packOf, storeId, targetOf, twoIndexes, twoIndexesAndOrder } from "./model.js";

const names = packFileNames(1, 9);

describe("an index made anew from the lines", () => {
  test("has the very bytes of the one that was written with them", async () => {
    await using folder = await temporaryFolder();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        documents,
        fc.constantFrom<PackColumns>(noColumns, twoIndexes, twoIndexesAndOrder),
        async (model, columns) => {
          const directory = folder.at(String((run += 1)));
          await mkdir(directory);
          const target = targetOf(directory, columns);
          const summary = await packOf(target, model);
          const original = await readFile(folder.at(String(run), names.index));
          await writeFile(folder.at(String(run), names.index), "damaged");
          expect(await rebuildIndex(target, keysOf)).toEqual(summary);
          expect(await readFile(folder.at(String(run), names.index))).toEqual(original);
          expect((await readdir(directory)).sort()).toEqual([names.index, names.pack].sort());
        },
      ),
      { numRuns: 40 },
    );
  });

  test("can have other columns, and can stay in memory", async () => {
    await using folder = await temporaryFolder();
    const model = fc
      .sample(documents, { numRuns: 20, seed: 5 })
      .reduce((one, other) => (other.length > one.length ? other : one));
    await packOf(targetOf(folder.path, noColumns), model);
    const before = await readFile(folder.at(names.index));
    const wanted = targetOf(folder.path, twoIndexesAndOrder);
    const options = { ...wanted, storeId, keysOf, cache: new ClockCache(50_000) };
    const inMemory = await openRebuilt(options);
    expect(await readFile(folder.at(names.index))).toEqual(before);
    await rm(folder.at(names.index));
    const summary = await rebuildIndex(wanted, keysOf);
    const onDisk = await openPack(wanted);
    expect(onDisk.summary).toEqual(summary);
    expect(inMemory.summary).toEqual(summary);
    expect(inMemory.columns).toEqual(twoIndexesAndOrder);
    for (const pack of [inMemory, onDisk]) {
      await verifyPack(
        pack,
        ({ detail }) => expect.fail(detail),
        () => undefined,
      );
    }
    const [held, written] = [inMemory, onDisk].map((pack) =>
      Array.from(pack.walk("order", { direction: "desc" }), ({ orderKey, ordinal }) => ({ orderKey, ordinal })),
    );
    expect(held).toEqual(written);
    await inMemory.retire();
    await onDisk.retire();
  });

  test("is not made of lines that are damaged, out of order, of another collection or cut off", async () => {
    await using folder = await temporaryFolder();
    const model = fc
      .sample(documents, { numRuns: 20, seed: 6 })
      .reduce((one, other) => (other.length > one.length ? other : one));
    const target = targetOf(folder.path, twoIndexes);
    await packOf(target, model);
    const index = await readFile(folder.at(names.index));
    const whole = await readFile(folder.at(names.pack));
    const lines = whole.toString("latin1").split(/(?<=\n)/);
    const second = (lines[0] as string).length;
    const damagedPacks: readonly (readonly [string, number])[] = [
      [(lines[0] as string) + (lines[1] as string).replace('"revision":1', '"revision":2'), second],
      [[lines[1], lines[0]].join(""), (lines[1] as string).length],
      [[lines[0], lines[0]].join(""), second],
      [whole.toString("latin1").slice(0, -1), whole.length - (lines.at(-1) as string).length],
    ];
    for (const [text, offset] of damagedPacks) {
      await writeFile(folder.at(names.pack), text, "latin1");
      expect(await rejectionOf(rebuildIndex(target, keysOf))).toMatchObject({ code: "CORRUPT", details: { offset } });
      expect(await readFile(folder.at(names.index))).toEqual(index);
    }
    await writeFile(folder.at(names.pack), whole);
    const other = { ...target, collection: "others" };
    expect(await rejectionOf(rebuildIndex(other, keysOf))).toMatchObject({ code: "CORRUPT", details: { offset: 0 } });
    expect((await readdir(folder.path)).sort()).toEqual([names.index, names.pack].sort());
  });
});
