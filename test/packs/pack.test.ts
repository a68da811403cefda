import fc from "fast-check";
import { mkdir } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { ClockCache, creationKey, declaredKey, type Pack, type PackColumns } from "../../src/packs/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { documents, indexValue, oddText } from "./arbitrary-documents.js";
import {
  byId,
  compareValues,
  inListingOrder,
  noColumns,
  openPack,
  orderKeyOf,
  packOf,
  targetOf,
  twoIndexes,
  twoIndexesAndOrder,
  type ModelDocument,
} from "./model.js";

const anyColumns = fc.constantFrom(noColumns, twoIndexes, twoIndexesAndOrder);
const anyCapacity = fc.constantFrom(0, 10_000, 1_000_000);

describe("a pack", () => {
  test("finds and lists what an array of its documents does", async () => {
    await using folder = await temporaryFolder();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(documents, anyColumns, anyCapacity, oddText, async (model, columns, capacity, absent) => {
        const directory = folder.at(String((run += 1)));
        await mkdir(directory);
        const target = targetOf(directory, columns);
        const summary = await packOf(target, model);
        const pack = await openPack(target, new ClockCache(capacity));
        expect(pack.summary).toEqual(summary);
        expect(pack.columns).toEqual(columns);
        expectIds(pack, model, absent);
        expectListings(pack, model, columns);
        expectExpiring(pack, model);
        await expectLines(pack, model);
        await pack.retire();
      }),
      { numRuns: 60 },
    );
  });

  test("orders what it lists as the store compares values", () => {
    fc.assert(
      fc.property(
        fc.option(indexValue, { nil: undefined }),
        fc.option(indexValue, { nil: undefined }),
        oddText,
        oddText,
        (left, right, leftId, rightId) => {
          const expected = compareValues(left, right) || (leftId < rightId ? -1 : leftId > rightId ? 1 : 0);
          const [leftKey, rightKey] = [declaredKey(left, leftId), declaredKey(right, rightId)];
          expect(leftKey < rightKey ? -1 : leftKey > rightKey ? 1 : 0).toBe(Math.sign(expected));
        },
      ),
      { numRuns: 2000 },
    );
    expect(declaredKey(-0, "a")).toBe(declaredKey(0, "a"));
    expect(creationKey(2, 0xffff_ffff) < creationKey(3, 0)).toBe(true);
    expect(creationKey(0xffff_ffff, 1) < creationKey(0x1_0000_0000, 0)).toBe(true);
  });
});

function expectIds(pack: Pack, model: readonly ModelDocument[], absent: string): void {
  for (const [ordinal, document] of [...model].sort(byId).entries()) {
    const { id, sequence, expiresAtMs, deleted } = document;
    const found = pack.find(id);
    expect(found).toMatchObject({ ordinal, id, sequence, expiresAtMs, deleted });
    expect(pack.at(ordinal)).toEqual(found);
    expect(pack.find(`${id}\u0000`)?.id).toBe(
      model.some((other) => other.id === `${id}\u0000`) ? `${id}\u0000` : undefined,
    );
  }
  expect(pack.find(absent)?.id).toBe(model.find(({ id }) => id === absent)?.id);
  expect(() => pack.at(model.length)).toThrow(RangeError);
  expect(() => pack.at(-1)).toThrow(RangeError);
}

function expectListings(pack: Pack, model: readonly ModelDocument[], columns: PackColumns): void {
  const listed = inListingOrder(model, columns);
  const byCreation = { ...columns, order: null };
  expectWalks(pack, "created", undefined, inListingOrder(model, byCreation), byCreation);
  if (columns.order !== null) expectWalks(pack, "order", undefined, listed, columns);
  for (const index of columns.indexes.keys()) {
    const values = new Set(model.map(({ keys }) => keys[index]));
    for (const value of [...values, "nobody has this", 0.5]) {
      if (value === undefined) continue;
      const having = listed.filter(({ keys }) => keys[index] === value);
      expectWalks(pack, index, value, having, columns);
      for (const document of listed.slice(0, 20)) {
        expect(pack.holds(index, value, orderKeyOf(document, columns))).toBe(document.keys[index] === value);
      }
    }
  }
}

function expectWalks(
  pack: Pack,
  table: "created" | "order" | number,
  value: string | number | boolean | undefined,
  expected: readonly ModelDocument[],
  columns: PackColumns,
): void {
  const idsOf = (options: { direction: "asc" | "desc"; after?: string }): string[] => {
    const given = value === undefined ? options : { ...options, value };
    return Array.from(pack.walk(table, given), ({ orderKey, ordinal }) => {
      const { id } = pack.at(ordinal);
      expect(orderKey).toBe(orderKeyOf(expected.find((document) => document.id === id) as ModelDocument, columns));
      return id;
    });
  };
  const ids = expected.map(({ id }) => id);
  expect(idsOf({ direction: "asc" })).toEqual(ids);
  expect(idsOf({ direction: "desc" })).toEqual(ids.toReversed());
  for (const at of new Set([0, 1, ids.length >> 1, ids.length - 1])) {
    const document = expected[at];
    if (document === undefined) continue;
    const after = orderKeyOf(document, columns);
    expect(idsOf({ direction: "asc", after })).toEqual(ids.slice(at + 1));
    expect(idsOf({ direction: "desc", after })).toEqual(ids.slice(0, at).toReversed());
    // A place where nothing stands, right behind one where something does.
    expect(idsOf({ direction: "asc", after: `${after}\u0000` })).toEqual(ids.slice(at + 1));
    expect(idsOf({ direction: "desc", after: `${after}\u0000` })).toEqual(ids.slice(0, at + 1).toReversed());
  }
}

function expectExpiring(pack: Pack, model: readonly ModelDocument[]): void {
  const expected = [...model]
    .sort(byId)
    .map(({ expiresAtMs, deleted }, ordinal) => ({ expiresAtMs, deleted, ordinal }))
    .filter(({ expiresAtMs, deleted }) => expiresAtMs !== Infinity && !deleted)
    .sort((left, right) => left.expiresAtMs - right.expiresAtMs)
    .map(({ expiresAtMs, ordinal }) => ({ expiresAtMs, ordinal }));
  expect([...pack.expiring()]).toEqual(expected);
}

async function expectLines(pack: Pack, model: readonly ModelDocument[]): Promise<void> {
  const sorted = [...model].sort(byId);
  let ordinal = 0;
  for await (const { place, line } of pack.documents()) {
    const document = sorted[ordinal] as ModelDocument;
    expect(place).toEqual(pack.at(ordinal));
    const decoded = pack.readNow(place);
    expect(decoded.envelope).toMatchObject({ id: document.id, sequence: document.sequence });
    expect(line.toString()).toContain(decoded.body);
    if (ordinal % 50 === 0) expect(await pack.read(place)).toEqual(decoded);
    ordinal += 1;
  }
  expect(ordinal).toBe(sorted.length);
}
