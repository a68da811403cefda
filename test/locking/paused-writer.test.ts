import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { OpenStateDirectoryOptions, StateDirectory } from "../../src/open-state-directory.js";
import { entries } from "../programs/entries.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { eventually } from "../support/eventually.js";
import { allOf, notes } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";
import { StateProcess } from "../support/state-process.js";
import { Gate } from "./lock-under-test.js";

const heartbeatMs = 20;
const staleAfterMs = 250;
/** How long a process is paused: then its heartbeat is older than the bound. */
const pausedMs = staleAfterMs * 2;
const lock = { heartbeatMs, staleAfterMs };

async function textsOf(state: StateDirectory): Promise<Map<string, string>> {
  const bodies = await allOf(state.collection(entries));
  return new Map([...bodies].map(([id, { text }]) => [id, text]));
}

describe("a holder that is paused", () => {
  test("keeps the directory from those who did not ask to take it over, however long it is paused", async () => {
    await using folder = await stateFolder();
    await using first = await StateProcess.open({ directory: folder.directory, ...lock });
    first.pause();
    await delay(pausedMs);
    const error = await rejectionOf(folder.open(lock));
    expect(error.code).toBe("WRITER_LOCKED");
    expect(error.details).toMatchObject({ pid: first.pid });
    expect((await rejectionOf(folder.open({ ...lock, waitMs: 300 }))).code).toBe("WRITER_LOCKED");
    first.resume();
    await first.do({ insert: { prefix: "after", count: 3 } });
    expect(first.acknowledged).toHaveLength(3);
  });

  test("that shows signs of life is not taken over by those who would take over a paused one", async () => {
    await using folder = await stateFolder();
    await using first = await StateProcess.open({ directory: folder.directory, ...lock });
    const error = await rejectionOf(folder.open({ heartbeatMs, staleAfterMs: 60_000, takeOver: "paused" }));
    expect(error.code).toBe("WRITER_LOCKED");
    await first.do({ insert: { prefix: "after", count: 3 } });
    expect(first.acknowledged).toHaveLength(3);
  });

  test("can acknowledge nothing after it was taken over, and nothing either acknowledged is lost", async () => {
    await using folder = await stateFolder();
    const { directory } = folder;
    await using first = await StateProcess.open({ directory, ...lock });
    await first.do({ insert: { prefix: "first", count: 50 } });
    await first.do({ loopInsert: { prefix: "loop", atOnce: 16 } });
    await first.event(({ id }) => id === "loop-100");
    first.pause();
    await delay(pausedMs);
    const toldBefore = first.events.length;

    await using second = await StateProcess.start();
    const { recovery, epoch } = await second.do({ open: { directory, ...lock, takeOver: "paused" } });
    expect(epoch).toBe(2);
    expect(recovery?.takeover).toMatchObject({ how: "paused", previousPid: first.pid, previousEpoch: 1 });
    await second.do({ insert: { prefix: "second", count: 50 } });
    await second.do({ put: { prefix: "first", count: 50, text: "by the second" } });

    first.resume();
    const ended = await first.event(({ event }) => event === "loop-ended", toldBefore);
    expect(ended).toBeDefined();
    const late = first.events.slice(toldBefore);
    // What was in flight, all of it, and the condition.
    const rejected = late.filter(({ event }) => event === "rejected");
    expect(rejected.length).toBeGreaterThan(0);
    expect(new Set(rejected.map(({ code }) => code))).toEqual(new Set(["WRITER_FENCED"]));
    expect(late.filter(({ event }) => event === "condition")).toMatchObject([
      { condition: "fenced", code: "WRITER_FENCED" },
    ]);
    // What its pipe still held from before the pause counts as acknowledged, and is looked for below.
    const afterwards = first.acknowledged.length;
    expect(await first.tell({ insert: { prefix: "late", count: 10 } })).toMatchObject({ event: "done" });
    expect(await first.tell({ checkpoint: true })).toMatchObject({ event: "failed", code: "WRITER_FENCED" });
    expect(first.acknowledged).toHaveLength(afterwards);
    await first.do({ close: true });
    await second.do({ insert: { prefix: "afterwards", count: 10 } });
    await second.do({ close: true });

    const state = await folder.open();
    expect(state.recovery).toMatchObject({ lostSequences: [], lostDocuments: [] });
    const texts = await textsOf(state);
    expect([...first.acknowledged, ...second.acknowledged].filter((id) => !texts.has(id))).toEqual([]);
    for (let number = 1; number <= 50; number += 1) expect(texts.get(`first-${number}`)).toBe("by the second");
    expect([...texts.keys()].filter((id) => id.startsWith("late"))).toEqual([]);
  });

  test("learns from its heartbeat that it was taken over, though it writes nothing", async () => {
    await using folder = await stateFolder();
    const { directory } = folder;
    await using first = await StateProcess.open({ directory, ...lock });
    first.pause();
    await delay(pausedMs);
    await using second = await StateProcess.open({ directory, ...lock, takeOver: "paused" });
    first.resume();
    const told = await first.event(({ event }) => event === "condition");
    expect(told).toMatchObject({ condition: "fenced", code: "WRITER_FENCED" });
    await second.do({ insert: { prefix: "second", count: 5 } });
    expect(second.acknowledged).toHaveLength(5);
    await first.do({ close: true });
    expect((await rejectionOf(folder.open(lock))).details).toMatchObject({ pid: second.pid });
  });

  test("can be taken over again and again, one paused process after another", async () => {
    await using folder = await stateFolder();
    const { directory } = folder;
    const owners: StateProcess[] = [];
    try {
      for (let epoch = 1; epoch <= 4; epoch += 1) {
        const owner = await StateProcess.open({ directory, ...lock, takeOver: "paused" });
        owners.push(owner);
        await owner.do({ loopInsert: { prefix: `epoch-${epoch}`, atOnce: 4 } });
        await owner.event(({ id }) => id === `epoch-${epoch}-20`);
        if (epoch < 4) owner.pause();
        await delay(pausedMs);
      }
      const last = owners.at(-1) as StateProcess;
      for (const owner of owners) owner.resume();
      for (const owner of owners.slice(0, -1)) {
        await owner.event(({ event }) => event === "loop-ended");
        expect(owner.events.filter(({ event }) => event === "rejected").map(({ code }) => code)).toContain(
          "WRITER_FENCED",
        );
      }
      await last.do({ stop: true });
      for (const owner of owners) await owner.do({ close: true });
      const state = await folder.open();
      const texts = await textsOf(state);
      expect(owners.flatMap(({ acknowledged }) => acknowledged).filter((id) => !texts.has(id))).toEqual([]);
    } finally {
      for (const owner of owners) await owner[Symbol.asyncDispose]();
    }
  });
});

test("an opening that was paused in the middle of its recovery leaves its successor alone", async () => {
  await using folder = await stateFolder();
  const first = await folder.open();
  await first.collection(notes).insert("one", { text: "before" });
  const directory = await folder.crash();
  // Held up when it is about to read the journal: the directory is already its own.
  const gate = new Gate((operation, path) => operation === "open" && path.endsWith(".wal"));
  const late = rejectionOf(folder.open({ directory, environment: { fileSystem: gate.fileSystem() } }));
  await gate.reached;
  await delay(200);
  const small = { firstSegmentBytes: 16 * 1024, segmentBytes: 16 * 1024 };
  const second = await folder.open({ directory, ...small, staleAfterMs: 50, takeOver: "paused" });
  const insert = async (count: number): Promise<void> => {
    for (let number = 1; number <= 10; number += 1) {
      await second.collection(notes).insert(`${count}-${number}`, { text: "x".repeat(1_000) });
    }
  };
  // The next segment is being prepared by now, under a temporary name.
  await insert(1);
  await eventually("a segment in preparation", async () => (await filesBelow(directory, /next\..*\.tmp$/)).length > 0);
  gate.open();
  expect((await late).code).toBe("WRITER_FENCED");
  for (let count = 2; count <= 5; count += 1) await insert(count);
  await second.close();
  const third = await folder.open({ directory });
  expect((await allOf(third.collection(notes))).size).toBe(51);
  expect(third.recovery).toMatchObject({ outcome: "clean", damage: [], lostSequences: [] });
});

test("an owner that was taken over says so, though its successor swept away the segment it had prepared", async () => {
  await using folder = await stateFolder();
  const small = { firstSegmentBytes: 16 * 1024, segmentBytes: 16 * 1024 };
  const first = await folder.open({ ...small, heartbeatMs: 600_000 });
  await first.collection(notes).insert("small", { text: "x".repeat(6_000) });
  const prepared = /next\..*\.tmp$/;
  await eventually("a prepared segment", async () => (await filesBelow(folder.directory, prepared)).length > 0);
  await delay(200);
  const second = await folder.open({ staleAfterMs: 50, takeOver: "paused" });
  expect(await filesBelow(folder.directory, prepared)).toEqual([]);
  const error = await rejectionOf(first.collection(notes).insert("large", { text: "x".repeat(12_000) }));
  expect(error.code).toBe("WRITER_FENCED");
  expect(first.condition.state).toBe("fenced");
  await first.close();
  await second.collection(notes).insert("second", { text: "by the second" });
});

test("an owner that was taken over can be closed, though what it had prepared is gone", async () => {
  await using folder = await stateFolder();
  const small = { firstSegmentBytes: 16 * 1024, segmentBytes: 16 * 1024 };
  const first = await folder.open({ ...small, heartbeatMs: 600_000 });
  await first.collection(notes).insert("one", { text: "x".repeat(6_000) });
  await eventually("a prepared segment", async () => (await filesBelow(folder.directory, /next\..*\.tmp$/)).length > 0);
  await delay(200);
  const second = await folder.open({ staleAfterMs: 50, takeOver: "paused" });
  expect((await rejectionOf(first.collection(notes).insert("two", { text: "small" }))).code).toBe("WRITER_FENCED");
  await first.close();
  expect((await second.collection(notes).get("one"))?.body.text).toHaveLength(6_000);
});

test("a document that a paused owner was about to write does not outlive what later owners wrote", async () => {
  await using folder = await stateFolder();
  // Held up before the temporary file is made, so that nobody can sweep it away.
  const gate = new Gate((operation, path) => operation === "open" && /one\.json\..*\.tmp$/.test(path));
  const first = await folder.open({ heartbeatMs: 600_000, environment: { fileSystem: gate.fileSystem() } });
  await first.collection(notes).insert("one", { text: "first" });
  const checkpoint = rejectionOf(first.checkpoint());
  await gate.reached;
  await delay(200);
  const second = await folder.open({ staleAfterMs: 50, takeOver: "paused" });
  await second.collection(notes).put("one", { text: "second" });
  await second.close();
  // This one took the directory from an owner that had left, and yet it has to wait for the first.
  const third = await folder.open();
  await third.collection(notes).put("one", { text: "third" });
  await third.checkpoint();
  expect(third.metrics.checkpoints).toBe(0);
  gate.open();
  expect((await checkpoint).code).toBe("WRITER_FENCED");
  const [path = ""] = await filesBelow(folder.directory, /notes\/documents\/.*\/one\.json$/);
  expect(await readFile(path, "utf8")).toContain('"text":"first"');
  await first.close();
  await eventually("a checkpoint of the third", async () => {
    await third.checkpoint();
    return third.metrics.checkpoints > 0;
  });
  expect(await readFile(path, "utf8")).toContain('"text":"third"');
  await third.close();
  const fourth = await folder.open();
  expect((await fourth.collection(notes).get("one"))?.body.text).toBe("third");
  expect(fourth.recovery).toMatchObject({ outcome: "clean", damage: [], lostDocuments: [] });
});

/** A paused owner puts the file of a document in place when it wakes up, after `second` has taken the directory over. */
async function withLateFile(
  folder: StateFolder,
  options: Partial<OpenStateDirectoryOptions>,
  change: (second: StateDirectory) => Promise<void>,
): Promise<StateDirectory> {
  const gate = new Gate((operation, path) => operation === "open" && /one\.json\..*\.tmp$/.test(path));
  const first = await folder.open({ heartbeatMs: 600_000, environment: { fileSystem: gate.fileSystem() } });
  await first.collection(notes).insert("one", { text: "first" });
  const checkpoint = rejectionOf(first.checkpoint());
  await gate.reached;
  await delay(200);
  const second = await folder.open({ ...options, staleAfterMs: 50, takeOver: "paused" });
  await change(second);
  gate.open();
  expect((await checkpoint).code).toBe("WRITER_FENCED");
  expect(await filesOf(folder, "one")).toHaveLength(1);
  await first.close();
  await eventually("a checkpoint of the second", async () => {
    await second.checkpoint();
    return second.metrics.checkpoints > 0;
  });
  return second;
}

async function expectGone(folder: StateFolder, id: string): Promise<void> {
  const next = await folder.open();
  expect(await next.collection(notes).get(id)).toBeUndefined();
  expect(next.recovery).toMatchObject({ outcome: "clean", damage: [], lostDocuments: [] });
}

async function filesOf(folder: StateFolder, id: string): Promise<string[]> {
  return (await filesBelow(folder.directory, /notes\/documents\/.*\.json$/)).filter((path) =>
    path.endsWith(`/${id}.json`),
  );
}

test("a document that a paused owner was about to write does not come back once it is deleted", async () => {
  await using folder = await stateFolder();
  const second = await withLateFile(folder, {}, async (state) => {
    await state.collection(notes).delete("one");
  });
  expect(await filesOf(folder, "one")).toEqual([]);
  await second.close();
  await expectGone(folder, "one");
});

test("nor does it when it went into a pack in between", async () => {
  await using folder = await stateFolder();
  const second = await withLateFile(folder, { packAtDocuments: 1 }, async (state) => {
    await state.collection(notes).put("one", { text: "second" });
  });
  expect(await filesOf(folder, "one")).toEqual([]);
  await second.collection(notes).delete("one");
  // The tombstone is dropped with what it hides.
  await second.compact();
  await second.close();
  await expectGone(folder, "one");
});

test("a checkpoint that was under way when its process was paused damages nothing of the new owner", async () => {
  await using folder = await stateFolder();
  const { directory } = folder;
  const count = 120;
  const options = { directory, ...lock, checkpointIdleMs: 60_000 };
  for (let round = 1; round <= 6; round += 1) {
    await using first = await StateProcess.open(options);
    await first.do({ put: { prefix: "kept", count, text: `first of round ${round}` } });
    await first.do({ remove: { prefix: "removed", count } });
    const checkpoint = first.tell({ checkpoint: true });
    await delay(round * 7);
    first.pause();
    await delay(pausedMs);

    await using second = await StateProcess.open({ ...options, takeOver: "paused" });
    await second.do({ put: { prefix: "kept", count, text: `second of round ${round}` } });
    await second.do({ put: { prefix: "removed", count, text: `second of round ${round}` } });
    await second.do({ checkpoint: true });
    first.resume();
    await checkpoint;
    await first.do({ close: true });
    await second.do({ checkpoint: true });
    await second.kill();

    const reader = await folder.open({ mode: "reader" });
    const texts = await textsOf(reader);
    for (let number = 1; number <= count; number += 1) {
      expect(texts.get(`kept-${number}`)).toBe(`second of round ${round}`);
      expect(texts.get(`removed-${number}`)).toBe(`second of round ${round}`);
    }
    expect(reader.recovery).toMatchObject({ damage: [], lostSequences: [], lostDocuments: [] });
    await reader.close();
  }
});
