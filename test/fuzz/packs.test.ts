import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { isHoldfastError } from "../../src/errors.js";
import { ClockCache, openRebuilt, Pack, packFileNames, verifyPack } from "../../src/packs/index.js";
import { encodeDirectory, indexDirectorySchema, type IndexDirectory } from "../../src/packs/index-directory.js";
import { collection, keysOf, packOf, storeId, targetOf, twoIndexes, type ModelDocument } from "../packs/model.js";
import { overlaidFiles } from "../support/overlaid-files.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { befall, fuzzing, mishaps } from "./fuzzing.js";

interface Files {
  readonly pack: Buffer;
  readonly index: Buffer;
}

const names = packFileNames(1, 9);
const directory = "/nowhere";
const trailerBytes = 24;
/** What all that is read of a damaged pack may take. The files themselves have some tens of kilobytes. */
const mostBytes = 64 * 1024 * 1024;

const model = Array.from({ length: 300 }, (_, number): ModelDocument => {
  return {
    id: `doc-${String(number).padStart(6, "0")}`,
    sequence: 2000 + number,
    createdSequence: 1000 - number,
    createdIndex: number % 3,
    schemaVersion: 1,
    expiresAtMs: number % 4 === 0 ? 10_000 + (number % 9) : Infinity,
    deleted: number % 10 === 9,
    keys: [number % 5, `t${number % 40}`],
  };
});

let whole: Files;
let lines: ReadonlySet<string>;
let answers: readonly string[];

/** Some of everything that can be asked of a pack. */
const questions: readonly ((pack: Pack) => unknown)[] = [
  ...[0, 9, 150, 299].flatMap((number) => [
    (pack: Pack): unknown => pack.find(`doc-${String(number).padStart(6, "0")}`),
    (pack: Pack): unknown => pack.find(`doc-${number}`) ?? "none",
    (pack: Pack): unknown => pack.readNow(pack.at(number)),
  ]),
  (pack) => [...pack.walk("created", { direction: "asc" })],
  (pack) => [...pack.walk(0, { direction: "desc", value: 3 })],
  (pack) => [...pack.walk(1, { direction: "asc", value: "t39" })],
  (pack) => pack.holds(0, 3, [...pack.walk("created", { direction: "asc" })].at(5)?.orderKey ?? ""),
  (pack) => [...pack.expiring()],
];

function optionsOf({ pack, index }: Files): Parameters<typeof Pack.open>[0] {
  const fileSystem = overlaidFiles(
    new Map([
      [`${directory}/${names.pack}`, pack],
      [`${directory}/${names.index}`, index],
    ]),
  );
  return { fileSystem, directory, storeId, collection, lo: 1, hi: 9, cache: new ClockCache(2 ** 20) };
}

/** @returns `undefined` if the work was refused as damage is; whatever else it throws is a failure of the test. */
async function unlessRefused<Result>(work: () => Result | Promise<Result>): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isHoldfastError(error, "CORRUPT") || isHoldfastError(error, "UNSUPPORTED_FORMAT")) return undefined;
    throw error;
  }
}

/** Asks everything. @returns what was answered, `undefined` where it was refused. */
async function askAll(pack: Pack): Promise<(string | undefined)[]> {
  const given: (string | undefined)[] = [];
  for (const question of questions) given.push(await unlessRefused(() => JSON.stringify(question(pack))));
  return given;
}

async function check(pack: Pack): Promise<string[]> {
  const found: string[] = [];
  await verifyPack(
    pack,
    ({ detail }) => found.push(detail),
    () => undefined,
  );
  return found;
}

beforeAll(async () => {
  await using folder = await temporaryFolder();
  await packOf(targetOf(folder.path, twoIndexes), model);
  whole = { pack: await readFile(folder.at(names.pack)), index: await readFile(folder.at(names.index)) };
  lines = new Set(whole.pack.toString().split("\n"));
  const pack = await Pack.open(optionsOf(whole));
  answers = (await askAll(pack)).map((answer) => answer ?? "refused");
  expect(answers).not.toContain("refused");
  await pack.retire();
});

test("whatever happens to a pack or its index, it answers as before or refuses, and a check finds it", async () => {
  const before = process.memoryUsage().arrayBuffers;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom<keyof Files>("pack", "index"), mishaps, async (file, happened) => {
      const after = befall(whole[file], happened);
      const pack = await unlessRefused(() => Pack.open(optionsOf({ ...whole, [file]: after })));
      if (pack === undefined) {
        expect(after.equals(whole[file])).toBe(false);
        return;
      }
      for (const [number, answer] of (await askAll(pack)).entries()) {
        if (answer !== undefined) expect(answer).toBe(answers[number]);
      }
      expect((await check(pack)).length > 0).toBe(!after.equals(whole[file]));
      await pack.retire();
    }),
    fuzzing("packs and their indexes", 400),
  );
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(mostBytes);
});

test("whatever is left of the lines, an index made anew knows only documents that were written", async () => {
  await fc.assert(
    fc.asyncProperty(mishaps, async (happened) => {
      const pack = befall(whole.pack, happened);
      const options = { ...optionsOf({ pack, index: Buffer.alloc(0) }), columns: twoIndexes, keysOf };
      const rebuilt = await unlessRefused(() => openRebuilt(options));
      if (rebuilt === undefined) return;
      for await (const { line } of rebuilt.documents()) expect(lines.has(line.toString().trimEnd())).toBe(true);
      expect(await check(rebuilt)).toEqual([]);
      await rebuilt.retire();
    }),
    fuzzing("the lines of packs", 200),
  );
});

/** Another value for one member of the directory, however deep: what a disk can not do, and a program with a fault can. */
const forgeries = fc.record({
  at: fc.nat(),
  value: fc.oneof(
    fc.constantFrom<unknown>(-1, 0, 1, 4095, 2 ** 31, 2 ** 32 - 1, 2 ** 48, Number.MAX_SAFE_INTEGER, 0.5),
    fc.jsonValue(),
  ),
});

function forge(original: IndexDirectory, { at, value }: { readonly at: number; readonly value: unknown }): unknown {
  const places: (readonly (string | number)[])[] = [];
  const gather = (part: unknown, path: readonly (string | number)[]): void => {
    if (path.length > 0) places.push(path);
    if (typeof part !== "object" || part === null) return;
    for (const [name, member] of Object.entries(part)) gather(member, [...path, name]);
  };
  gather(original, []);
  const forged = structuredClone(original) as unknown;
  const path = places[at % places.length] ?? [];
  let parent = forged as Record<string | number, unknown>;
  for (const name of path.slice(0, -1)) parent = parent[name] as typeof parent;
  parent[path.at(-1) ?? ""] = value;
  return forged;
}

test("an index with a forged directory is refused, or read without crash, hang or more memory than it has bytes", async () => {
  const length = whole.index.readUInt32BE(whole.index.length - trailerBytes + 12);
  const end = whole.index.length - trailerBytes - length;
  const json: unknown = JSON.parse(whole.index.toString("utf8", end, end + length));
  const original = indexDirectorySchema.parse(json);
  const before = process.memoryUsage().arrayBuffers;
  await fc.assert(
    fc.asyncProperty(forgeries, async (forgery) => {
      const forged = encodeDirectory(forge(original, forgery) as IndexDirectory);
      const index = Buffer.concat([whole.index.subarray(0, end), forged]);
      const pack = await unlessRefused(() => Pack.open(optionsOf({ ...whole, index })));
      if (pack === undefined) return;
      await unlessRefused(() => askAll(pack));
      await unlessRefused(() => check(pack));
      await pack.retire();
    }),
    fuzzing("directories of indexes", 400),
  );
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(mostBytes);
});
