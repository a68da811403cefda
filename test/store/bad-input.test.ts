import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineCollection, type Collection } from "../../src/collections/index.js";
import type { HoldfastError } from "../../src/errors.js";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { fingerprint } from "../support/directory-fingerprint.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { eventually } from "../support/eventually.js";
import { rejectionOf } from "../support/rejection.js";
import { scanSegment } from "../../src/journal/scan-segment.js";
import { readFile } from "node:fs/promises";
import { stateFolder, type StateFolder } from "../support/state-folder.js";

const anything = defineCollection<unknown>({ name: "anything", schema: z.unknown() });
const strict = defineCollection({
  name: "strict",
  schema: z.strictObject({ name: z.string(), size: z.number().max(10), tags: z.array(z.string()) }),
});

interface Opened {
  readonly state: StateDirectory;
  readonly collection: Collection<unknown>;
}

async function open(folder: StateFolder): Promise<Opened> {
  const state = await folder.open({ documentBytes: 10_000, depth: 20, collections: [anything, strict] });
  await state.collection(anything).put("here", { at: "first" });
  // The journal's last line, its watermark, is written a moment after the commit.
  await eventually("the journal is idle", async () => {
    const segment = (await filesBelow(folder.at("journal"), /\.wal$/)).at(-1) as string;
    return scanSegment(await readFile(segment)).watermark === state.lastSequence;
  });
  return { state, collection: state.collection(anything) };
}

/** Every way there is to write a body under an id. */
function writes(
  state: StateDirectory,
  collection: Collection<unknown>,
  id: string,
  body: unknown,
): [string, () => Promise<unknown>][] {
  return [
    ["insert", () => collection.insert(id, body)],
    ["put", () => collection.put(id, body)],
    ["insert in a transaction", () => state.transaction((tx) => tx.collection(anything).insert(id, body))],
    ["put in a transaction", () => state.transaction((tx) => tx.collection(anything).put(id, body))],
  ];
}

/** Runs what must be refused, and compares every byte of the directory before and after. */
async function expectRefused(
  folder: StateFolder,
  state: StateDirectory,
  code: string,
  attempts: [string, () => Promise<unknown>][],
): Promise<HoldfastError[]> {
  const before = await fingerprint(folder.directory);
  const { lastSequence } = state;
  const errors: HoldfastError[] = [];
  for (const [what, attempt] of attempts) {
    const error = await rejectionOf(attempt());
    expect(error.code, what).toBe(code);
    errors.push(error);
  }
  // Longer than it takes for the journal to fall idle.
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(state.lastSequence).toBe(lastSequence);
  expect(await fingerprint(folder.directory)).toEqual(before);
  return errors;
}

describe("an id", () => {
  const bad: readonly [string, string, number][] = [
    ["with a slash", "a/b", 1],
    ["with a backslash", "a\\b", 1],
    ["that climbs", "..", 1],
    ["that climbs and goes on", "../../etc/passwd", 2],
    ["with two dots within", "a..b", 1],
    ["of one dot", ".", 1],
    ["with NUL", "a\0b", 1],
    ["with a line feed", "a\nb", 1],
    ["of 300 characters", "x".repeat(300), 1],
    ["of nothing", "", 1],
    ["with half of a surrogate pair", "a\ud800b", 1],
    ["with everything wrong at once", `/..\0\ud800${"x".repeat(300)}`, 5],
    ["that is no string", 7 as unknown as string, 1],
    ["that is null", null as unknown as string, 1],
  ];

  test.each(bad)("%s is refused, every problem listed, and nothing changed", async (_what, id, problems) => {
    await using folder = await stateFolder();
    const { state, collection } = await open(folder);
    const errors = await expectRefused(folder, state, "INVALID_ID", [
      ...writes(state, collection, id, { a: 1 }),
      ["get", () => collection.get(id)],
      ["update", () => collection.update(id, (body) => body)],
      ["delete", () => collection.delete(id)],
      ["get in a transaction", () => state.transaction((tx) => tx.collection(anything).get(id))],
      ["delete in a transaction", () => state.transaction((tx) => tx.collection(anything).delete(id))],
    ]);
    for (const error of errors) {
      expect(error.problems).toHaveLength(problems);
      for (const { path, message } of error.problems) {
        expect(path).toBe("/id");
        expect(error.message).toContain(message);
      }
    }
  });

  test("that differs from another only in case is another", async () => {
    await using folder = await stateFolder();
    const { state } = await open(folder);
    const ids = [
      "note",
      "Note",
      "NOTE",
      "nOte",
      "straße",
      "STRASSE",
      "é",
      "e\u0301",
      "x".repeat(256),
      "X".repeat(256),
      "%41",
      "A",
      "con",
      "a.b",
      "~",
    ];
    for (const id of ids) await state.collection(anything).insert(id, { id });
    await state.checkpoint();
    const files = await filesBelow(folder.at("collections", "anything"), /\.json$/);
    expect(new Set(files.map((file) => file.toLowerCase())).size).toBe(ids.length + 1);
    await state.close();
    const again = await folder.open({ cacheBytes: 0 });
    for (const id of ids) expect((await again.collection(anything).get(id))?.body).toEqual({ id });
  });
});

describe("a body", () => {
  const deep = (levels: number): unknown => Array.from({ length: levels }).reduce<unknown>((inner) => ({ inner }), 1);
  class Invoice {
    total = 1;
  }
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  const bad: readonly [string, string, unknown, string[]][] = [
    ["too large", "DOCUMENT_TOO_LARGE", { text: "x".repeat(10_000) }, []],
    ["too large only in bytes", "DOCUMENT_TOO_LARGE", { text: "ü".repeat(6_000) }, []],
    ["too deep", "INVALID_DOCUMENT", deep(21), [Array.from({ length: 20 }, () => "/inner").join("")]],
    ["endless", "INVALID_DOCUMENT", cyclic, [Array.from({ length: 20 }, () => "/self").join("")]],
    ["with __proto__", "INVALID_DOCUMENT", JSON.parse('{"a":{"__proto__":{"admin":true}}}'), ["/a/__proto__"]],
    [
      "with lone surrogates",
      "INVALID_DOCUMENT",
      { text: "a\ud800", list: ["\udc00"], "\ud801": 1 },
      ["/text", "/list/0", "/\ufffd"],
    ],
    ["with numbers JSON has not", "INVALID_DOCUMENT", { a: Number.NaN, b: [Number.POSITIVE_INFINITY] }, ["/a", "/b/0"]],
    ["with a hole", "INVALID_DOCUMENT", { list: [1, undefined, 3] }, ["/list/1"]],
    ["with values JSON has not", "INVALID_DOCUMENT", { a: 1n, b: () => 1, c: Symbol("c") }, ["/a", "/b", "/c"]],
    [
      "with objects that would come back as others",
      "INVALID_DOCUMENT",
      { a: new Date(0), "b/c": new Map(), d: new Invoice() },
      ["/a", "/b~1c", "/d"],
    ],
    ["with a prototype of its own", "INVALID_DOCUMENT", { a: Object.create({ admin: true }) as unknown }, ["/a"]],
    ["of nothing", "INVALID_DOCUMENT", undefined, [""]],
  ];

  test.each(bad)("%s is refused, every problem listed, and nothing changed", async (_what, code, body, paths) => {
    await using folder = await stateFolder();
    const { state, collection } = await open(folder);
    const update = (): Promise<unknown> => collection.update("here", () => body);
    const errors = await expectRefused(folder, state, code, [
      ...writes(state, collection, "new", body),
      // An update that returns nothing leaves the document as it is.
      ...(body === undefined ? [] : [["update", update] satisfies [string, () => Promise<unknown>]]),
    ]);
    for (const error of errors) {
      expect(error.problems.map(({ path }) => path)).toEqual(paths);
      for (const path of paths) expect(error.message).toContain(path);
    }
    expect(await collection.get("new")).toBeUndefined();
    expect((await collection.get("here"))?.body).toEqual({ at: "first" });
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test("of another shape than its collection's is refused, every problem listed, and nothing changed", async () => {
    await using folder = await stateFolder();
    const { state } = await open(folder);
    const collection = state.collection(strict);
    const body = { size: 11, tags: ["a", 1], extra: true } as never;
    const [error] = await expectRefused(folder, state, "INVALID_DOCUMENT", [
      ["insert", () => collection.insert("a", body)],
    ]);
    expect(error?.problems.map(({ path }) => path)).toEqual(expect.arrayContaining(["/name", "/size", "/tags/1", ""]));
  });

  test("at the limits is taken", async () => {
    await using folder = await stateFolder();
    const { collection } = await open(folder);
    const large = { text: "x".repeat(10_000 - '{"text":""}'.length) };
    await collection.insert("large", large);
    await collection.insert("deep", deep(20));
    await collection.insert("odd", {
      "": null,
      constructor: 1,
      prototype: [],
      toString: "x",
      "a/b~c": "\u0000\u2028😀",
      left: undefined,
    });
    expect((await collection.get("large"))?.body).toEqual(large);
    expect((await collection.get("deep"))?.body).toEqual(deep(20));
    expect((await collection.get("odd"))?.body).toEqual({
      "": null,
      constructor: 1,
      prototype: [],
      toString: "x",
      "a/b~c": "\u0000\u2028😀",
    });
  });
});

test("an unknown cursor, a wrong revision, and an update that throws change nothing", async () => {
  await using folder = await stateFolder();
  const { state, collection } = await open(folder);
  await expectRefused(folder, state, "INVALID_CURSOR", [
    ["after", () => collection.list({ after: "nobody" })],
    ["before", () => collection.list({ before: "nobody" })],
    ["in a transaction", () => state.transaction((tx) => tx.collection(anything).list({ after: "nobody" }))],
  ]);
  await expectRefused(folder, state, "REVISION_CONFLICT", [
    ["put", () => collection.put("here", 1, { ifRevision: 2 })],
    ["put of one that is not there", () => collection.put("new", 1, { ifRevision: 1 })],
    ["update", () => collection.update("here", () => 1, { ifRevision: 0 })],
    ["delete", () => collection.delete("here", { ifRevision: 9 })],
    [
      "put in a transaction",
      () => state.transaction((tx) => tx.collection(anything).put("here", 1, { ifRevision: 2 })),
    ],
  ]);
  const before = await fingerprint(folder.directory);
  const throwing = collection.update("here", () => {
    throw new RangeError("no");
  });
  await expect(throwing).rejects.toThrow(RangeError);
  expect(await fingerprint(folder.directory)).toEqual(before);
});

test("options that can not be are refused, every problem listed, before anything is made", async () => {
  await using folder = await stateFolder();
  const options = { waitMs: -1, segmentBytes: 1, networkFileSystem: "maybe", sgementBytes: 3 } as never;
  const error = await rejectionOf(folder.open(options));
  expect(error.code).toBe("INVALID_CONFIG");
  expect(error.problems.map(({ path }) => path)).toEqual(
    expect.arrayContaining(["/waitMs", "/segmentBytes", "/networkFileSystem"]),
  );
  expect(error.message).toContain("sgementBytes");
  expect((await rejectionOf(folder.open({ directory: "" }))).code).toBe("INVALID_CONFIG");
  await expect(fingerprint(folder.directory)).rejects.toMatchObject({ code: "ENOENT" });
});
