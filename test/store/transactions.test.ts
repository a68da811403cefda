import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineCollection } from "../../src/collections/index.js";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { notes, type Note } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder } from "../support/state-folder.js";

const ledgers = defineCollection<{ total: number }>({ name: "ledgers", schema: z.looseObject({ total: z.number() }) });

describe("a transaction", () => {
  test("takes effect whole, in one commit, across collections", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    const result = await state.transaction(async (tx) => {
      await tx.collection(notes).insert("a", { text: "a" });
      await tx.collection(notes).insert("b", { text: "b" });
      await tx.collection(ledgers).put("sum", { total: 2 });
      expect(await state.collection(notes).get("a")).toBeUndefined();
      return "done";
    });
    expect(result).toBe("done");
    const heads = [
      await state.collection(notes).get("a"),
      await state.collection(notes).get("b"),
      await state.collection(ledgers).get("sum"),
    ];
    expect(new Set(heads.map((head) => head?.sequence))).toEqual(new Set([state.lastSequence]));
    // Ties within one commit stand in the order of writing.
    expect((await state.collection(notes).list()).documents.map(({ id }) => id)).toEqual(["a", "b"]);
  });

  test("that throws has written nothing, and passes on what it threw", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    const before = state.lastSequence;
    const failing = state.transaction(async (tx) => {
      await tx.collection(notes).insert("a", { text: "a" });
      throw new RangeError("no");
    });
    await expect(failing).rejects.toThrow(RangeError);
    expect(state.lastSequence).toBe(before);
    expect(await state.collection(notes).get("a")).toBeUndefined();
  });

  test("is whole or absent after a crash at any byte of its write", async () => {
    await using folder = await stateFolder();
    for (const bytes of [1, 60, 150, 300]) {
      const disk = new FaultyFileSystem();
      const state = await folder.open({
        directory: folder.at("..", `cut-${bytes}`),
        environment: { fileSystem: disk },
      });
      await state.collection(notes).insert("before", { text: "x" });
      disk.set({ on: "write", path: /journal/, nth: 2, fails: "EIO" });
      disk.set({ on: "write", path: /journal/, nth: 1, times: 1, writesOnly: bytes });
      const failing = state.transaction(async (tx) => {
        await tx.collection(notes).insert("a", { text: "a".repeat(50) });
        await tx.collection(notes).delete("before");
        await tx.collection(notes).insert("b", { text: "b".repeat(50) });
      });
      expect((await rejectionOf(failing)).code).toBe("STORAGE_FAILED");
      await state.close();
      await using again = await folder.open({ directory: folder.at("..", `cut-${bytes}`) });
      expect((await again.collection(notes).list()).documents.map(({ id }) => id)).toEqual(["before"]);
      expect(again.recovery).toMatchObject({ outcome: "recovered", lostSequences: [], damage: [] });
      expect(again.recovery.journal.tornTails).toHaveLength(1);
    }
  });

  test("sees its own writes, and a listing with them in their places", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    for (const id of ["a", "b", "c"]) await state.collection(notes).insert(id, { text: id, tag: "old" });
    await state.transaction(async (tx) => {
      const own = tx.collection(notes);
      await own.insert("d", { text: "d", tag: "old" });
      await own.put("b", { text: "changed", tag: "new" });
      await own.delete("c");
      expect((await own.get("b"))?.body.text).toBe("changed");
      expect(await own.get("c")).toBeUndefined();
      expect((await own.list()).documents.map(({ id }) => id)).toEqual(["a", "b", "d"]);
      expect((await own.list({ order: "desc", limit: 2 })).documents.map(({ id }) => id)).toEqual(["d", "b"]);
      expect((await own.list({ after: "b" })).documents.map(({ id }) => id)).toEqual(["d"]);
      expect((await own.list({ before: "d" })).documents.map(({ id }) => id)).toEqual(["a", "b"]);
      expect((await own.list({ where: { tag: "old" } })).documents.map(({ id }) => id)).toEqual(["a", "d"]);
      expect(await own.count({ where: { tag: "new" } })).toBe(1);
      await own.update("d", (body) => ({ ...body, text: "twice" }));
      expect((await own.get("d"))?.body.text).toBe("twice");
      expect((await rejectionOf(own.insert("a", { text: "x" }))).code).toBe("ALREADY_EXISTS");
      expect((await rejectionOf(own.update("c", (body) => body))).code).toBe("NOT_FOUND");
      expect((await rejectionOf(own.list({ after: "c" }))).code).toBe("INVALID_CURSOR");
    });
    const documents = (await state.collection(notes).list()).documents;
    expect(documents.map(({ id, revision }) => `${id} ${revision}`)).toEqual(["a 1", "b 2", "d 1"]);
  });

  test("that writes a document several times makes one revision of it, and none of one that came and went", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    await state.collection(notes).insert("a", { text: "0" });
    const { operations } = state.metrics;
    await state.transaction(async (tx) => {
      for (const text of ["1", "2", "3"]) await tx.collection(notes).put("a", { text });
      await tx.collection(notes).insert("gone", { text: "x" });
      await tx.collection(notes).delete("gone");
    });
    expect(await state.collection(notes).get("a")).toMatchObject({ revision: 2, body: { text: "3" } });
    expect(state.metrics.operations - operations).toBe(1);
  });

  test("runs again when something it read has changed, and only then", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    const collection = state.collection(ledgers);
    await collection.insert("sum", { total: 0 });
    await collection.insert("other", { total: 0 });
    let runs = 0;
    await state.transaction(async (tx) => {
      runs += 1;
      const read = await tx.collection(ledgers).get("sum");
      if (runs === 1) await collection.put("sum", { total: 10 });
      if (runs === 2) await collection.put("other", { total: 10 });
      await tx.collection(ledgers).put("sum", { total: (read?.body.total ?? 0) + 1 });
    });
    expect(runs).toBe(2);
    expect((await collection.get("sum"))?.body.total).toBe(11);
  });

  test("of many that count up, none is lost", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    await state.collection(ledgers).insert("sum", { total: 0 });
    await Promise.all(
      Array.from({ length: 30 }, () =>
        state.transaction(async (tx) => {
          const read = await tx.collection(ledgers).get("sum");
          await tx.collection(ledgers).put("sum", { total: (read?.body.total ?? 0) + 1 });
        }),
      ),
    );
    expect((await state.collection(ledgers).get("sum"))?.body.total).toBe(30);
  });

  test("runs again when a listing it read would be another: no phantoms", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    const collection = state.collection(notes);
    for (const id of ["a", "b"]) await collection.insert(id, { text: id, tag: "red" });
    const interferences: ((run: number) => Promise<unknown>)[] = [
      () => collection.insert("c", { text: "c", tag: "red" }),
      () => collection.put("b", { text: "b", tag: "blue" }),
      () => collection.delete("a"),
      () => collection.put("c", { text: "other text", tag: "red" }),
    ];
    for (const interfere of interferences) {
      let runs = 0;
      await state.transaction(async (tx) => {
        runs += 1;
        const { documents } = await tx.collection(notes).list({ where: { tag: "red" } });
        if (runs === 1) await interfere(runs);
        await tx.collection(ledgers).put("red", { total: documents.length });
      });
      expect(runs).toBe(2);
      expect((await state.collection(ledgers).get("red"))?.body.total).toBe(
        await collection.count({ where: { tag: "red" } }),
      );
    }
    let runs = 0;
    await state.transaction(async (tx) => {
      runs += 1;
      await tx.collection(notes).list({ where: { tag: "red" } });
      await collection.insert(`unrelated_${runs}`, { text: "x", tag: "green" });
      await tx.collection(ledgers).put("red", { total: 0 });
    });
    expect(runs).toBe(1);
  });

  test("that loses every race gives up, having written nothing", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    const collection = state.collection(ledgers);
    await collection.insert("sum", { total: 0 });
    const losing = state.transaction(async (tx) => {
      await tx.collection(ledgers).get("sum");
      await collection.update("sum", ({ total }) => ({ total: total + 1 }));
      await tx.collection(ledgers).put("lost", { total: 1 });
    });
    expect((await rejectionOf(losing)).code).toBe("REVISION_CONFLICT");
    expect(await collection.get("lost")).toBeUndefined();
  });

  test("checks revisions against what it sees, its own writes included", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    await state.collection(notes).insert("a", { text: "1" });
    await state.transaction(async (tx) => {
      const own = tx.collection(notes);
      expect((await rejectionOf(own.put("a", { text: "2" }, { ifRevision: 7 }))).code).toBe("REVISION_CONFLICT");
      await own.put("a", { text: "2" }, { ifRevision: 1 });
      await own.put("a", { text: "3" }, { ifRevision: 2 });
      await own.put("b", { text: "new" }, { ifRevision: 0 });
      await own.delete("b", { ifRevision: 1 });
    });
    expect(await state.collection(notes).get("a")).toMatchObject({ revision: 2, body: { text: "3" } });
    expect(await state.collection(notes).get("b")).toBeUndefined();
  });

  test("that only reads commits nothing, and answers only what is durable", async () => {
    await using folder = await stateFolder();
    const disk = new FaultyFileSystem();
    const state = await folder.open({ environment: { fileSystem: disk } });
    const { commits } = state.metrics;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    disk.set({ on: "write", path: /journal/, times: 1, before: () => held });
    const writing = state.collection(notes).insert("a", { text: "a" });
    let answered = false;
    const reading = state
      .transaction((tx) => tx.collection(notes).get("a"))
      .then((document) => {
        answered = true;
        return document;
      });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(answered).toBe(false);
    expect(await state.collection(notes).get("a")).toBeUndefined();
    release();
    await writing;
    expect((await reading)?.body.text).toBe("a");
    expect(state.metrics.commits - commits).toBe(1);
  });

  test("larger than allowed is refused", async () => {
    await using folder = await stateFolder();
    const state = await folder.open({ transactionBytes: 2_000 });
    const body: Note = { text: "x".repeat(900) };
    const large = state.transaction(async (tx) => {
      for (const id of ["a", "b", "c"]) await tx.collection(notes).put(id, body);
    });
    expect((await rejectionOf(large)).code).toBe("DOCUMENT_TOO_LARGE");
    expect(await state.collection(notes).count()).toBe(0);
  });
});
