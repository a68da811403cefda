import fc from "fast-check";
import { readFile, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { isHoldfastError } from "../../src/errors.js";
import type { FileSystem } from "../../src/files/file-system.js";
import { ClockCache, Pack, packFileNames, verifyPack, type OpenPackOptions } from "../../src/packs/index.js";
import { indexDirectorySchema } from "../../src/packs/index-directory.js";
import { overlaidFiles } from "../support/overlaid-files.js";
import { rejectionOf } from "../support/rejection.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import {
  collection,
  noColumns,
  openPack,
  packOf,
  storeId,
  targetOf,
  twoIndexesAndOrder,
  type ModelDocument,
} from "./model.js";

const names = packFileNames(1, 9);
const directory = "/nowhere";
const paths = { pack: `${directory}/${names.pack}`, index: `${directory}/${names.index}` } as const;

const model = Array.from({ length: 250 }, (_, number): ModelDocument => {
  const id = `doc-${String(number).padStart(6, "0")}`;
  const at = { createdSequence: 1000 - number, createdIndex: number % 3, sequence: 2000 + number, schemaVersion: 1 };
  const expiresAtMs = number % 4 === 0 ? 10_000 + (number % 9) : Infinity;
  return {
    id,
    ...at,
    expiresAtMs,
    deleted: number % 10 === 9,
    keys: [number % 5, `t${number % 40}`, number % 7 === 0 ? undefined : number],
  };
});

let whole: { readonly pack: Buffer; readonly index: Buffer };
let answers: readonly string[];

beforeAll(async () => {
  await using folder = await temporaryFolder();
  await packOf(targetOf(folder.path, twoIndexesAndOrder), model);
  whole = { pack: await readFile(folder.at(names.pack)), index: await readFile(folder.at(names.index)) };
  const pack = await openPack({ fileSystem: holding(whole), directory, lo: 1, hi: 9 });
  answers = questions.map((question) => JSON.stringify(question(pack)));
  await pack.retire();
});

/** Everything that can be asked of a pack, in small pieces. */
const questions: readonly ((pack: Pack) => unknown)[] = [
  ...model.map(
    ({ id }) =>
      (pack: Pack) =>
        pack.find(id),
  ),
  ...model.map(
    ({ id }) =>
      (pack: Pack) =>
        pack.find(`${id}x`) ?? null,
  ),
  ...model.map((_, ordinal) => (pack: Pack) => pack.at(ordinal)),
  ...model.map((_, ordinal) => (pack: Pack) => pack.readNow(pack.at(ordinal))),
  ...(["asc", "desc"] as const).flatMap((direction) => [
    (pack: Pack) => [...pack.walk("created", { direction })],
    (pack: Pack) => [...pack.walk("order", { direction })],
    (pack: Pack) => [...pack.walk(0, { direction, value: 3 })],
    (pack: Pack) => [...pack.walk(1, { direction, value: "t39" })],
  ]),
  (pack: Pack) => pack.holds(0, 3, [...pack.walk("order", { direction: "asc" })].at(5)?.orderKey ?? ""),
  (pack: Pack) => [...pack.expiring()],
];

function holding(files: { readonly pack: Buffer; readonly index: Buffer }): FileSystem {
  return overlaidFiles(
    new Map([
      [paths.pack, files.pack],
      [paths.index, files.index],
    ]),
  );
}

/** Opens a damaged pack, unless opening already tells. */
async function openDamaged(files: { readonly pack: Buffer; readonly index: Buffer }): Promise<Pack | undefined> {
  try {
    return await openPack({ fileSystem: holding(files), directory, lo: 1, hi: 9 });
  } catch (error) {
    if (isHoldfastError(error, "CORRUPT")) return undefined;
    throw error;
  }
}

/** @returns how many questions were refused. */
function expectRightOrRefused(pack: Pack): number {
  let refused = 0;
  for (const [number, question] of questions.entries()) {
    let answer: unknown;
    try {
      answer = question(pack);
    } catch (error) {
      if (!isHoldfastError(error, "CORRUPT")) throw error;
      refused += 1;
      continue;
    }
    expect(JSON.stringify(answer)).toBe(answers[number]);
  }
  return refused;
}

describe("damage to a pack", () => {
  test("of any byte is refused or makes no difference, and is found by a check", async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<"pack" | "index">("pack", "index"),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 255 }),
        async (file, where, mask) => {
          const bytes = Buffer.from(whole[file]);
          const at = Math.floor(where * bytes.length);
          bytes[at] = (bytes[at] as number) ^ mask;
          const pack = await openDamaged({ ...whole, [file]: bytes });
          if (pack === undefined) return;
          refused += expectRightOrRefused(pack);
          const found: string[] = [];
          await verifyPack(
            pack,
            ({ detail }) => found.push(detail),
            () => undefined,
          );
          expect(found, `a check of byte ${at} of the ${file}`).not.toEqual([]);
          await pack.retire();
        },
      ),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(0);
  });

  test("that cuts a file off, or makes it longer, is met when it is opened", async () => {
    for (const file of ["pack", "index"] as const) {
      const bytes = whole[file];
      const others = [0, 1, 23, 24, 500, bytes.length - 1].map((length) => bytes.subarray(0, length));
      for (const other of [...others, Buffer.concat([bytes, Buffer.from("\n")])]) {
        expect(await openDamaged({ ...whole, [file]: other })).toBeUndefined();
      }
    }
  });

  test("of any byte of an index's directory is met when it is opened", async () => {
    for (let at = whole.index.lastIndexOf('{"storeId"'); at < whole.index.length; at += 1) {
      const index = Buffer.from(whole.index);
      index[at] = (index[at] as number) ^ 0x01;
      expect(await openDamaged({ ...whole, index }), `byte ${at}`).toBeUndefined();
    }
  });

  test("that puts a whole piece in another one's place is seen", async () => {
    await using folder = await temporaryFolder();
    const target = targetOf(folder.path, noColumns);
    const many = Array.from({ length: 8000 }, (_, number) => ({
      ...(model[0] as ModelDocument),
      id: `id-${number}`,
      createdIndex: number,
    }));
    await packOf(target, many);
    const index = await readFile(folder.at(names.index));
    const { filter } = indexDirectorySchema.parse(
      JSON.parse(/\{"storeId".*\}/.exec(index.toString("latin1"))?.[0] ?? ""),
    );
    expect(filter.pages).toBeGreaterThan(1);
    const pages = index.subarray(filter.offset, filter.offset + 2 * 4096);
    const exchanged = Buffer.concat([pages.subarray(4096), pages.subarray(0, 4096)]);
    exchanged.copy(index, filter.offset);
    await writeFile(folder.at(names.index), index);
    const pack = await openPack(target);
    const found = many.map(({ id }) => {
      try {
        return pack.find(id) !== undefined;
      } catch (error) {
        return isHoldfastError(error, "CORRUPT") ? "refused" : "failed";
      }
    });
    expect([...new Set(found)].sort()).toEqual(["refused", true]);
    await pack.retire();
  });

  test("of a line is told with the file, the place and the document", async () => {
    const bytes = Buffer.from(whole.pack);
    const at = bytes.indexOf('"doc-000007"');
    bytes[at + 20] = (bytes[at + 20] as number) ^ 1;
    const pack = (await openDamaged({ ...whole, pack: bytes })) as Pack;
    const place = pack.at(7);
    const details = { path: paths.pack, offset: place.offset, id: "doc-000007" };
    expect(await rejectionOf(pack.read(place))).toMatchObject({ code: "CORRUPT", details });
    const problems: unknown[] = [];
    await verifyPack(
      pack,
      (problem) => problems.push(problem),
      () => undefined,
    );
    expect(problems).toMatchObject([{ offset: place.offset, id: "doc-000007" }]);
    expect(() => expectRightOrRefused(pack)).not.toThrow();
  });

  test("is no reason to take a pack of another store, collection or name", async () => {
    const cache = new ClockCache(100_000);
    const open = (changes: Partial<OpenPackOptions>): Promise<Pack> =>
      Pack.open({ fileSystem: holding(whole), directory, storeId, collection, lo: 1, hi: 9, cache, ...changes });
    expect(await rejectionOf(open({ storeId: "another" }))).toMatchObject({ code: "CORRUPT" });
    expect(await rejectionOf(open({ collection: "others" }))).toMatchObject({ code: "CORRUPT" });
    const renamed = overlaidFiles(
      new Map([
        [`${directory}/${packFileNames(1, 8).pack}`, whole.pack],
        [`${directory}/${packFileNames(1, 8).index}`, whole.index],
      ]),
    );
    expect(await rejectionOf(open({ fileSystem: renamed, hi: 8 }))).toMatchObject({ code: "CORRUPT" });
    await expect(open({ lo: 3 })).rejects.toMatchObject({ code: "ENOENT" });
    const any = await open({ storeId: undefined });
    expect(any.find("doc-000001")).toBeDefined();
  });
});
