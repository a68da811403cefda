import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineCollection, type Collection } from "../../src/collections/index.js";
import { notes, noteSchema, type Note } from "../support/notes.js";
import { rejectionOf, thrownBy } from "../support/rejection.js";
import { stateFolder } from "../support/state-folder.js";

async function idsOf(
  collection: Collection<Note>,
  options: Parameters<Collection<Note>["list"]>[0],
): Promise<string[]> {
  return (await collection.list(options)).documents.map(({ id }) => id);
}

describe("a document", () => {
  test("is inserted once, and read as it was written", async () => {
    await using folder = await stateFolder();
    const collection = (await folder.open()).collection(notes);
    expect(await collection.get("a")).toBeUndefined();
    const head = await collection.insert("a", { text: "one" });
    expect(head).toMatchObject({ id: "a", revision: 1 });
    expect(head.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(await collection.get("a")).toEqual({ ...head, body: { text: "one" } });
    const error = await rejectionOf(collection.insert("a", { text: "two" }));
    expect(error).toMatchObject({ code: "ALREADY_EXISTS", details: { collection: "notes", id: "a", revision: 1 } });
    expect((await collection.get("a"))?.body).toEqual({ text: "one" });
  });

  test("is replaced, updated and deleted, its revision counting, its creation staying", async () => {
    await using folder = await stateFolder();
    const collection = (await folder.open()).collection(notes);
    const first = await collection.put("a", { text: "one" });
    const second = await collection.put("a", { text: "two" });
    expect(second).toMatchObject({ revision: 2, createdAt: first.createdAt });
    expect(second.sequence).toBeGreaterThan(first.sequence);
    const third = await collection.update("a", (body, head) => ({
      ...body,
      text: `${body.text} after ${head.revision}`,
    }));
    expect(await collection.get("a")).toEqual({ ...third, body: { text: "two after 2" } });
    expect(await collection.update("a", () => undefined)).toEqual(third);
    expect((await rejectionOf(collection.update("b", (body) => body))).code).toBe("NOT_FOUND");
    expect(await collection.delete("a")).toBe(true);
    expect(await collection.delete("a")).toBe(false);
    expect(await collection.get("a")).toBeUndefined();
    expect(await collection.insert("a", { text: "anew" })).toMatchObject({ revision: 1 });
  });

  test("is the caller's own copy, coming and going", async () => {
    await using folder = await stateFolder();
    const collection = (await folder.open()).collection(notes);
    const given = { text: "one", nested: { list: [1] } };
    await collection.insert("a", given);
    given.nested.list.push(2);
    const read = (await collection.get("a"))?.body as unknown as typeof given;
    expect(read).toEqual({ text: "one", nested: { list: [1] } });
    read.nested.list.push(3);
    expect((await collection.get("a"))?.body).toEqual({ text: "one", nested: { list: [1] } });
    await collection.update("a", (body) => {
      (body as unknown as typeof given).nested.list.push(4);
      return undefined;
    });
    expect((await collection.get("a"))?.body).toEqual({ text: "one", nested: { list: [1] } });
  });

  test("is written only at the revision that was asked for", async () => {
    await using folder = await stateFolder();
    const collection = (await folder.open()).collection(notes);
    const conflict = { code: "REVISION_CONFLICT" };
    await expect(collection.put("a", { text: "one" }, { ifRevision: 1 })).rejects.toMatchObject({
      ...conflict,
      details: { expected: 1, found: 0 },
    });
    await collection.put("a", { text: "one" }, { ifRevision: 0 });
    await expect(collection.put("a", { text: "two" }, { ifRevision: 0 })).rejects.toMatchObject(conflict);
    await collection.put("a", { text: "two" }, { ifRevision: 1 });
    await expect(collection.update("a", (body) => body, { ifRevision: 1 })).rejects.toMatchObject(conflict);
    await collection.update("a", (body) => ({ ...body, text: "three" }), { ifRevision: 2 });
    await expect(collection.delete("a", { ifRevision: 2 })).rejects.toMatchObject({
      ...conflict,
      details: { expected: 2, found: 3 },
    });
    expect((await collection.get("a"))?.body.text).toBe("three");
    expect(await collection.delete("a", { ifRevision: 3 })).toBe(true);
    expect(await collection.delete("a", { ifRevision: 0 })).toBe(false);
  });

  test("that many update at once gets every update, and they share their flushes", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    const collection = state.collection(notes);
    await collection.insert("hot", { text: "x", count: 0 });
    const { batches } = state.metrics;
    const heads = await Promise.all(
      Array.from({ length: 200 }, () =>
        collection.update("hot", (body) => ({ ...body, count: (body.count ?? 0) + 1 })),
      ),
    );
    expect((await collection.get("hot"))?.body.count).toBe(200);
    expect(new Set(heads.map(({ revision }) => revision)).size).toBe(200);
    expect(state.metrics.batches - batches).toBeLessThan(20);
  });

  test("of many is inserted by one", async () => {
    await using folder = await stateFolder();
    const collection = (await folder.open()).collection(notes);
    const tries = await Promise.allSettled(
      Array.from({ length: 16 }, (_, index) => collection.insert("a", { text: `${index}` })),
    );
    expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const reasons = tries.flatMap((tried) =>
      tried.status === "rejected" ? [(tried.reason as { code: string }).code] : [],
    );
    expect(new Set(reasons)).toEqual(new Set(["ALREADY_EXISTS"]));
    expect((await collection.get("a"))?.revision).toBe(1);
  });
});

describe("a listing", () => {
  test("is in order of creation, whatever is changed later", async () => {
    await using folder = await stateFolder();
    const collection = (await folder.open()).collection(notes);
    for (const id of ["c", "a", "b"]) await collection.insert(id, { text: id });
    await collection.put("c", { text: "changed" });
    await collection.delete("a");
    await collection.insert("a", { text: "anew" });
    expect(await idsOf(collection, {})).toEqual(["c", "b", "a"]);
    expect(await idsOf(collection, { order: "desc" })).toEqual(["a", "b", "c"]);
    expect(await collection.count()).toBe(3);
  });

  test("is paged by cursors, in both orders and both directions", async () => {
    await using folder = await stateFolder();
    const collection = (await folder.open()).collection(notes);
    const all = Array.from({ length: 7 }, (_, index) => `n${index}`);
    // One transaction each, and all within the same second: ties are broken by the sequence.
    await Promise.all(all.map((id) => collection.insert(id, { text: id })));
    for (const order of ["asc", "desc"] as const) {
      const expected = order === "asc" ? all : all.toReversed();
      const seen: string[] = [];
      for (let after: string | undefined; ; after = seen.at(-1)) {
        const page = await collection.list({ order, limit: 3, ...(after === undefined ? {} : { after }) });
        seen.push(...page.documents.map(({ id }) => id));
        expect(page.hasMore).toBe(seen.length < all.length);
        if (!page.hasMore) break;
      }
      expect(seen).toEqual(expected);
      const before = await collection.list({ order, limit: 2, before: expected[4] as string });
      expect(before.documents.map(({ id }) => id)).toEqual(expected.slice(2, 4));
      expect(before.hasMore).toBe(true);
      const first = await collection.list({ order, limit: 5, before: expected[2] as string });
      expect(first.documents.map(({ id }) => id)).toEqual(expected.slice(0, 2));
      expect(first.hasMore).toBe(false);
      expect(await idsOf(collection, { order, after: expected[6] as string })).toEqual([]);
    }
  });

  test("goes on behind a document that was changed, and not behind one that is gone", async () => {
    await using folder = await stateFolder();
    const collection = (await folder.open()).collection(notes);
    for (const id of ["a", "b", "c"]) await collection.insert(id, { text: id });
    await collection.put("b", { text: "changed" });
    expect(await idsOf(collection, { after: "b" })).toEqual(["c"]);
    await collection.delete("b");
    expect(await rejectionOf(collection.list({ after: "b" }))).toMatchObject({
      code: "INVALID_CURSOR",
      details: { cursor: "b" },
    });
    expect((await rejectionOf(collection.list({ before: "nobody" }))).code).toBe("INVALID_CURSOR");
    expect((await rejectionOf(collection.list({ after: "../x" }))).code).toBe("INVALID_ID");
  });

  test("by index finds what has the value, as it is now", async () => {
    await using folder = await stateFolder();
    const collection = (await folder.open()).collection(notes);
    await collection.insert("a", { text: "a", tag: "red" });
    await collection.insert("b", { text: "b", tag: "blue" });
    await collection.insert("c", { text: "c", tag: "red" });
    await collection.insert("d", { text: "d" });
    expect(await idsOf(collection, { where: { tag: "red" } })).toEqual(["a", "c"]);
    expect(await idsOf(collection, { where: { tag: "red" }, order: "desc", limit: 1 })).toEqual(["c"]);
    expect(await idsOf(collection, { where: { tag: "red" }, after: "a" })).toEqual(["c"]);
    // A cursor need not have the value itself.
    expect(await idsOf(collection, { where: { tag: "red" }, after: "b" })).toEqual(["c"]);
    await collection.update("a", (body) => ({ ...body, tag: "blue" }));
    await collection.delete("c");
    expect(await idsOf(collection, { where: { tag: "red" } })).toEqual([]);
    expect(await idsOf(collection, { where: { tag: "blue" } })).toEqual(["a", "b"]);
    expect(await collection.count({ where: { tag: "blue" } })).toBe(2);
    expect(await collection.count({ where: { tag: "green" } })).toBe(0);
  });

  test("that can not be is refused with every problem", async () => {
    await using folder = await stateFolder();
    const collection = (await folder.open()).collection(notes);
    const error = await rejectionOf(
      collection.list({ where: { colour: "red", size: 3 }, limit: 0, after: "a", before: "b" }),
    );
    expect(error.code).toBe("INVALID_CONFIG");
    expect(error.problems.map(({ path }) => path).sort()).toEqual([
      "/before",
      "/limit",
      "/where/colour",
      "/where/size",
    ]);
    for (const limit of [-1, 1.5, 10_001, Number.NaN]) {
      expect((await rejectionOf(collection.list({ limit }))).problems).toMatchObject([{ path: "/limit" }]);
    }
  });

  test("ends when its signal aborts", async () => {
    await using folder = await stateFolder();
    const collection = (await folder.open()).collection(notes);
    await collection.insert("a", { text: "a" });
    await expect(collection.list({ signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });

  test("is the same after a restart, clean or not", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    const collection = state.collection(notes);
    for (let index = 0; index < 10; index += 1) {
      await collection.insert(`n${(index * 7) % 10}`, { text: `${index}`, tag: index % 2 === 0 ? "even" : "odd" });
      if (index === 4) await state.checkpoint();
    }
    await collection.put("n7", { text: "changed", tag: "odd" });
    const all = await collection.list();
    const odd = await collection.list({ where: { tag: "odd" } });
    const crashed = await folder.crash();
    await state.close();
    for (const directory of [crashed, folder.directory]) {
      await using again = await folder.open({ directory });
      expect(await again.collection(notes).list()).toEqual(all);
      expect(await again.collection(notes).list({ where: { tag: "odd" } })).toEqual(odd);
    }
  });
});

describe("a collection", () => {
  test("that is declared only after opening has its indexes all the same", async () => {
    await using folder = await stateFolder();
    const state = await folder.open({ collections: [] });
    for (let index = 0; index < 20; index += 1) {
      await state.collection(notes).insert(`n${index}`, { text: "x", tag: index % 2 === 0 ? "even" : "odd" });
    }
    await state.close();
    const again = await folder.open({ collections: [] });
    expect(again.collectionNames()).toContain("notes");
    const collection = again.collection(notes);
    // While the values are being gathered, documents change.
    const listing = collection.list({ where: { tag: "even" }, limit: 50 });
    await collection.put("n1", { text: "x", tag: "even" });
    await collection.delete("n0");
    await listing;
    expect(await collection.count({ where: { tag: "even" } })).toBe(10);
    expect(await collection.count({ where: { tag: "odd" } })).toBe(9);
  });

  test("is one object for one definition, and refuses another shape under its name", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    expect(state.collection(notes)).toBe(state.collection(notes));
    const same = defineCollection<Note>({ name: "notes", schema: noteSchema, indexes: { tag: { path: "tag" } } });
    await state.collection(same).insert("a", { text: "a" });
    expect((await state.collection(notes).get("a"))?.body.text).toBe("a");
    const other = defineCollection<Note>({ name: "notes", schema: noteSchema, indexes: { tag: { path: "text" } } });
    expect(thrownBy(() => state.collection(other)).code).toBe("INVALID_CONFIG");
    const newer = defineCollection<Note>({
      name: "notes",
      schema: noteSchema,
      version: 2,
      migrations: { 1: (body) => body },
    });
    expect(thrownBy(() => state.collection(newer)).code).toBe("INVALID_CONFIG");
  });

  test("of a kind nobody has declared can be read and written as it is", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    expect(state.collectionNamed("letters")).toBeUndefined();
    await state.collectionNamed("letters", { create: true })?.insert("a", { any: ["thing"] });
    await state.close();
    const again = await folder.open();
    expect((await again.collectionNamed("letters")?.get("a"))?.body).toEqual({ any: ["thing"] });
  });

  test("that can not be is refused with every problem", () => {
    const error = thrownBy(() =>
      defineCollection({
        name: "Über/notes",
        schema: z.unknown(),
        version: 3,
        migrations: { 1: (body) => body },
        indexes: { "by tag": { path: "tag" }, tag: { path: "a..b" } },
        retention: { timeToLiveMs: 0, maximumCount: -1 },
      }),
    );
    expect(error.code).toBe("INVALID_CONFIG");
    expect(error.problems.map(({ path }) => path)).toEqual([
      "/name",
      "/migrations/2",
      "/indexes/by tag",
      "/indexes/tag/path",
      "/retention/timeToLiveMs",
      "/retention/maximumCount",
    ]);
    expect(thrownBy(() => defineCollection({ name: "notes", schema: z.unknown(), version: 0 })).problems).toMatchObject(
      [{ path: "/version" }],
    );
  });
});
