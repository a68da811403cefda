import { describe, expect, onTestFinished, test, vi } from "vitest";
import { HoldfastError } from "../../src/errors.js";
import type { StoreCondition } from "../../src/store/index.js";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { eventually } from "../support/eventually.js";
import { notes } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder } from "../support/state-folder.js";

describe("opening", () => {
  test("tells what it found: new, in order, or to be recovered", async () => {
    await using folder = await stateFolder();
    const first = await folder.open();
    expect(first.recovery).toMatchObject({
      outcome: "created",
      epoch: 1,
      documents: 0,
      takeover: { how: "unclaimed" },
    });
    await first.collection(notes).insert("a", { text: "a" });
    const crashed = await folder.crash();
    await first.close();
    const second = await folder.open();
    expect(second.recovery).toMatchObject({
      outcome: "clean",
      epoch: 2,
      takeover: { how: "released", previousPid: process.pid },
    });
    expect(second.storeId).toBe(first.storeId);
    const recovered = await folder.open({ directory: crashed });
    expect(recovered.recovery).toMatchObject({ outcome: "recovered", damage: [], takeover: { how: "dead" } });
    expect(recovered.recovery.journal.replayed).toBeGreaterThan(0);
    expect((await recovered.collection(notes).get("a"))?.body.text).toBe("a");
  });

  test("says how far it is", async () => {
    await using folder = await stateFolder();
    const state = await folder.open({ packAtDocuments: 1_000, looseLimit: 1_000 });
    for (let index = 0; index < 300; index += 1) await state.collection(notes).put(`n${index}`, { text: "x" });
    await state.close();
    const stages = new Set<string>();
    await folder.open({ onProgress: ({ stage }) => stages.add(stage) });
    expect([...stages]).toEqual(["documents", "journal"]);
  });

  test("can be cut short and begun again, any number of times, at any step", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    await state.collection(notes).insert("a", { text: "a" });
    await state.checkpoint();
    await state.collection(notes).insert("b", { text: "b" });
    let directory = await folder.crash();
    await state.close();
    // What fails on the way out of a failed opening is told, and does not hide why it failed.
    const warned = vi.spyOn(process, "emitWarning").mockReturnValue();
    onTestFinished(() => {
      warned.mockRestore();
    });
    let failures = 0;
    for (const on of ["write", "rename", "syncDirectory"] as const) {
      for (let nth = 1, isOpen = false; !isOpen; nth += 1) {
        const disk = new FaultyFileSystem();
        const lift = disk.set({ on, nth, fails: "EIO" });
        try {
          const opened = await folder.open({ directory, environment: { fileSystem: disk } });
          isOpen = true;
          lift();
          await opened.close();
        } catch (error) {
          expect(error).toBeInstanceOf(HoldfastError);
          failures += 1;
        }
        // The process that failed dies, and the next one finds what it left.
        directory = await folder.crash(directory);
      }
    }
    expect(failures).toBeGreaterThan(10);
    expect(warned).toHaveBeenCalled();
    const last = await folder.open({ directory });
    expect((await last.collection(notes).list()).documents.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(last.recovery).toMatchObject({ lostDocuments: [], lostSequences: [], damage: [] });
    await last.close();
    expect(await verifyStateDirectory(directory)).toMatchObject({ ok: true });
  });
});

test("an opening that fails leaves nothing running, also when it can not say why it failed", async () => {
  await using folder = await stateFolder();
  const warned = vi.spyOn(process, "emitWarning").mockReturnValue();
  onTestFinished(() => {
    warned.mockRestore();
  });
  const disk = new FaultyFileSystem();
  disk.set({ on: "create", path: /startup\.json/, nth: 2, fails: "EIO" });
  const opening = folder.open({ environment: { fileSystem: disk }, heartbeatMs: 10 });
  expect((await rejectionOf(opening)).code).toBe("STORAGE_FAILED");
  const operations = (): number => disk.count("status") + disk.count("create") + disk.count("touch");
  const before = operations();
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(operations()).toBe(before);
});

describe("closing", () => {
  test("waits for what is under way, refuses what comes after, and can be done twice", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    const collection = state.collection(notes);
    const writing = Array.from({ length: 20 }, (_, index) => collection.insert(`n${index}`, { text: "x" }));
    const closing = state.close();
    await Promise.all(writing);
    await closing;
    await state.close();
    const closed = { code: "CLOSED" };
    await expect(collection.get("n1")).rejects.toMatchObject(closed);
    await expect(collection.list()).rejects.toMatchObject(closed);
    await expect(collection.count()).rejects.toMatchObject(closed);
    await expect(collection.put("n1", { text: "y" })).rejects.toMatchObject(closed);
    await expect(collection.update("n1", (body) => body)).rejects.toMatchObject(closed);
    await expect(collection.delete("n1")).rejects.toMatchObject(closed);
    await expect(state.transaction(() => Promise.resolve())).rejects.toMatchObject(closed);
    await expect(state.checkpoint()).rejects.toMatchObject(closed);
    expect(state.condition.state).toBe("closed");
    const again = await folder.open();
    expect(again.recovery).toMatchObject({ outcome: "clean", journal: { replayed: 0 } });
    expect(await again.collection(notes).count()).toBe(20);
  });

  test("leaves the directory free and tidy", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    await state.collection(notes).insert("a", { text: "a" });
    expect((await rejectionOf(folder.open())).code).toBe("WRITER_LOCKED");
    await state.close();
    expect(await filesBelow(folder.directory, /\.tmp$/)).toEqual([]);
    await (await folder.open()).close();
  });

  test("happens at the end of a scope", async () => {
    await using folder = await stateFolder();
    {
      await using state = await folder.open();
      await state.collection(notes).insert("a", { text: "a" });
    }
    expect((await folder.open()).recovery.outcome).toBe("clean");
  });
});

describe("checkpoints", () => {
  test("come by themselves when nobody writes, and move documents into files", async () => {
    await using folder = await stateFolder();
    const state = await folder.open({ checkpointIdleMs: 20 });
    await state.collection(notes).insert("a", { text: "a" });
    await eventually("a checkpoint", () => state.metrics.checkpointSequence === state.lastSequence);
    expect(await filesBelow(folder.directory, /notes\/documents\/.*\/a\.json$/)).toHaveLength(1);
    await state.collection(notes).delete("a");
    await eventually("another checkpoint", () => state.metrics.checkpointSequence === state.lastSequence);
    expect(await filesBelow(folder.directory, /notes\/documents\/.*\/a\.json$/)).toEqual([]);
  });

  test("come by themselves when much has been journaled", async () => {
    await using folder = await stateFolder();
    const state = await folder.open({ checkpointBytes: 4 * 1024 });
    for (let index = 0; index < 10; index += 1) {
      await state.collection(notes).insert(`n${index}`, { text: "x".repeat(1_000) });
    }
    await eventually("a checkpoint", () => state.metrics.checkpoints > 0);
  });

  test("slow writers down, and lose none of their writes, when the journal reaches its limit", async () => {
    await using folder = await stateFolder();
    const state = await folder.open({
      checkpointBytes: 1024 * 1024,
      journalLimitBytes: 8 * 1024,
      journalRetainBytes: 0,
    });
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        await state.collection(notes).insert(`n${index}`, { text: "x".repeat(1_000) });
        await state.collection(notes).put(`n${index}`, { text: "y".repeat(1_000) });
      }),
    );
    // Writers went on one for each document moved, and the journal alone could not have taken them all.
    expect((await filesBelow(folder.at("collections", "notes"), /\.json$/)).length).toBeGreaterThan(0);
    expect(await state.collection(notes).count()).toBe(40);
    const crashed = await folder.crash();
    const again = await folder.open({ directory: crashed });
    const { documents } = await again.collection(notes).list();
    expect(documents.map(({ revision }) => revision)).toEqual(Array.from({ length: 40 }, () => 2));
  });

  test("leave many commits in one segment, also if segments are as small as they may be", async () => {
    await using folder = await stateFolder();
    const state = await folder.open({ firstSegmentBytes: 16 * 1024, segmentBytes: 16 * 1024 });
    for (let index = 0; index < 20; index += 1) await state.collection(notes).insert(`n${index}`, { text: "x" });
    expect(state.metrics.journalSegments).toBeLessThan(4);
  });

  test("that run while documents change end with the newest version", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    const collection = state.collection(notes);
    for (let index = 0; index < 30; index += 1) await collection.insert(`n${index}`, { text: "0" });
    const checkpoints = (async () => {
      for (let round = 0; round < 5; round += 1) await state.checkpoint();
    })();
    for (let round = 1; round <= 10; round += 1) {
      await Promise.all(Array.from({ length: 30 }, (_, index) => collection.put(`n${index}`, { text: `${round}` })));
      for (const { body } of (await collection.list()).documents) expect(body.text).toBe(`${round}`);
    }
    await checkpoints;
    await state.close();
    const again = await folder.open();
    for (const { body } of (await again.collection(notes).list()).documents) expect(body.text).toBe("10");
  });
});

test("the condition is told as it changes", async () => {
  await using folder = await stateFolder();
  const disk = new FaultyFileSystem();
  const state = await folder.open({ environment: { fileSystem: disk } });
  const told: StoreCondition["state"][] = [];
  const stop = state.onCondition(({ state: condition }) => told.push(condition));
  expect(state.condition).toEqual({ state: "open" });
  disk.set({ on: "write", path: /journal/, fails: "EIO" });
  expect((await rejectionOf(state.collection(notes).insert("a", { text: "a" }))).code).toBe("STORAGE_FAILED");
  expect(state.condition).toMatchObject({ state: "failed", error: { code: "STORAGE_FAILED" } });
  stop();
  await state.close();
  expect(told).toEqual(["failed"]);
  expect(state.condition.state).toBe("closed");
});
