import fc from "fast-check";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  mergePacks,
  packFileNames,
  verifyPack,
  type Pack,
  type PackColumns,
  type PackedPlace,
} from "../../src/packs/index.js";
import { flipByte } from "../support/flip-byte.js";
import { rejectionOf } from "../support/rejection.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { documents } from "./arbitrary-documents.js";
import { noColumns, openPack, packOf, targetOf, twoIndexes, twoIndexesAndOrder, type ModelDocument } from "./model.js";

/** What packs hold together: of each id what the newest says. */
function merged(layers: readonly (readonly ModelDocument[])[], dropTombstones: boolean): ModelDocument[] {
  const newest = new Map(layers.flatMap((layer) => layer.map((document) => [document.id, document] as const)));
  return [...newest.values()].filter(({ deleted }) => !deleted || !dropTombstones);
}

/** The same documents some versions later: some unchanged, some changed, some deleted, some new. */
function laterLayer(layer: readonly ModelDocument[], number: number): ModelDocument[] {
  return layer.map((document, index) => {
    const isNew = (index + number) % 3 === 0;
    return {
      ...document,
      id: isNew ? `${document.id}-${number}` : document.id,
      createdIndex: isNew ? document.createdIndex + 1000 * 2 ** number : document.createdIndex,
      sequence: document.sequence + number * 1_000_000,
      deleted: (index + number) % 5 === 0,
      expiresAtMs: (index + number) % 4 === 0 ? 5000 + index : document.expiresAtMs,
      keys: (index + number) % 2 === 0 ? document.keys.toReversed() : document.keys,
    };
  });
}

describe("merging packs", () => {
  test("writes the very bytes of a pack of what they hold together", async () => {
    await using folder = await temporaryFolder();
    const columnsOf = fc.constantFrom<PackColumns>(noColumns, twoIndexes, twoIndexesAndOrder);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        documents,
        columnsOf,
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        async (oldest, columns, count, drop) => {
          const directory = folder.at(String((run += 1)));
          await mkdir(directory);
          const layers = [oldest];
          for (let number = 1; number < count; number += 1) layers.push(laterLayer(layers.at(-1) ?? [], number));
          const packs = [];
          for (const [number, layer] of layers.entries()) {
            const target = targetOf(directory, columns, number * 10, number * 10 + 9);
            await packOf(target, layer);
            packs.push(await openPack(target));
          }
          const target = targetOf(directory, columns, 0, 99);
          const summary = await mergePacks(target, packs, { dropTombstones: drop });
          const expected = { ...targetOf(directory, columns, 0, 99), directory: folder.at(`${run}-expected`) };
          await mkdir(expected.directory);
          const model = merged(layers, drop);
          const expectedSummary = await packOf(expected, model);
          const largestSchemaVersion = Math.max(...packs.map((pack) => pack.summary.largestSchemaVersion));
          expect({ ...summary, indexBytes: 0 }).toEqual({ ...expectedSummary, indexBytes: 0, largestSchemaVersion });
          const names = packFileNames(0, 99);
          const [written, wanted] = await Promise.all(
            [directory, expected.directory].map((path) => readFile(join(path, names.pack))),
          );
          expect(written).toEqual(wanted);
          if (summary.largestSchemaVersion === expectedSummary.largestSchemaVersion) {
            const [index, wantedIndex] = await Promise.all(
              [directory, expected.directory].map((path) => readFile(join(path, names.index))),
            );
            expect(index).toEqual(wantedIndex);
          }
          const pack = await openPack(target);
          await verifyPack(
            pack,
            (problem) => expect.fail(problem.detail),
            () => undefined,
          );
          expect(Array.from(model, ({ id }) => pack.find(id)?.id)).toEqual(model.map(({ id }) => id));
          for (const opened of [...packs, pack]) await opened.retire();
        },
      ),
      { numRuns: 25 },
    );
  });

  test("stops at a damaged line, names it and leaves nothing", async () => {
    await using folder = await temporaryFolder();
    const model = Array.from({ length: 300 }, (_, number) => plainDocument(number));
    const targets = [targetOf(folder.path, twoIndexes, 1, 2), targetOf(folder.path, twoIndexes, 3, 4)] as const;
    await packOf(targets[0], model);
    await packOf(targets[1], model.slice(0, 10));
    const packs = await Promise.all(targets.map((target) => openPack(target)));
    const place = packs[0]?.find("doc-000200");
    await flipByte(folder.at(packFileNames(1, 2).pack), (place?.offset ?? 0) + 30);
    const target = targetOf(folder.path, twoIndexes, 1, 4);
    const error = await rejectionOf(mergePacks(target, packs, { dropTombstones: false }));
    expect(error).toMatchObject({ code: "CORRUPT", details: { id: "doc-000200", offset: place?.offset } });
    expect((await readdir(folder.path)).sort()).toEqual([...namesOf(1, 2), ...namesOf(3, 4)].sort());
    // Where a newer version hides the damaged one, it is not looked at.
    const newer = targetOf(folder.path, twoIndexes, 5, 6);
    await packOf(newer, [{ ...plainDocument(200), sequence: 1000 }]);
    packs.push(await openPack(newer));
    const all = targetOf(folder.path, twoIndexes, 1, 6);
    expect(await mergePacks(all, packs, { dropTombstones: false })).toMatchObject({
      documents: 300,
      newestSequence: 1000,
    });
    for (const pack of packs) await pack.retire();
  });

  test("goes on without a damaged line if it is to: a tombstone takes its place, or nothing, and it is told", async () => {
    await using folder = await temporaryFolder();
    const model = Array.from({ length: 300 }, (_, number) => plainDocument(number));
    const targets = [targetOf(folder.path, twoIndexes, 1, 2), targetOf(folder.path, twoIndexes, 3, 4)] as const;
    await packOf(targets[0], model);
    // The newer version of one of them is damaged: the older one must not take its place.
    await packOf(targets[1], [{ ...plainDocument(7), sequence: 1000 }]);
    const packs = await Promise.all(targets.map((target) => openPack(target)));
    const places = [packs[0]?.find("doc-000200"), packs[1]?.find("doc-000007")];
    for (const [number, names] of [packFileNames(1, 2), packFileNames(3, 4)].entries())
      await flipByte(folder.at(names.pack), (places[number]?.offset ?? 0) + 30);
    for (const dropTombstones of [true, false]) {
      const lost: unknown[] = [];
      const target = targetOf(folder.path, twoIndexes, 1, 4);
      const salvage = {
        now: "2026-03-01T12:00:00.000Z",
        onLost: (pack: Pack, place: PackedPlace) => lost.push([pack, place]),
      };
      const summary = await mergePacks(target, packs, { dropTombstones, salvage });
      expect(lost).toEqual([
        [packs[1], places[1]],
        [packs[0], places[0]],
      ]);
      expect(summary).toMatchObject({ documents: 298, tombstones: dropTombstones ? 0 : 2 });
      const merged = await openPack(target);
      await verifyPack(
        merged,
        (problem) => expect.fail(problem.detail),
        () => undefined,
      );
      for (const [id, sequence] of [
        ["doc-000007", 1000],
        ["doc-000200", 200],
      ] as const) {
        const found = merged.find(id);
        if (dropTombstones) expect(found).toBeUndefined();
        else expect(found).toMatchObject({ deleted: true, sequence, expiresAtMs: Infinity });
      }
      expect([...merged.walk("created", { direction: "asc" })]).toHaveLength(298);
      expect([...merged.walk(0, { direction: "asc", value: "x" })]).toHaveLength(298);
      await merged.retire();
    }
    for (const pack of packs) await pack.retire();
  });

  test("refuses packs with other columns, and to write over one of them", async () => {
    await using folder = await temporaryFolder();
    const target = targetOf(folder.path, twoIndexes, 1, 2);
    await packOf(target, [plainDocument(1)]);
    const pack = await openPack(target);
    const other = targetOf(folder.path, noColumns, 1, 4);
    await expect(mergePacks(other, [pack], { dropTombstones: true })).rejects.toThrow("other columns");
    await expect(mergePacks(target, [pack], { dropTombstones: true })).rejects.toThrow("its own name");
    await pack.retire();
  });
});

function namesOf(lo: number, hi: number): string[] {
  return Object.values(packFileNames(lo, hi)) as string[];
}

function plainDocument(number: number): ModelDocument {
  const id = `doc-${String(number).padStart(6, "0")}`;
  const at = { createdSequence: number, createdIndex: 0, sequence: number, schemaVersion: 1 };
  return { id, ...at, expiresAtMs: Infinity, deleted: false, keys: ["x", number, undefined] };
}
