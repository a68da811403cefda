import { describe, expect, test } from "vitest";
import { defineCollection } from "../../src/collections/index.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { eventually } from "../support/eventually.js";
import { dayMs, hourMs, ManualClock } from "../support/manual-clock.js";
import { notes, noteSchema, type Note } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder } from "../support/state-folder.js";

const daily = defineCollection<Note>({ name: "daily", schema: noteSchema, retention: { timeToLiveMs: dayMs } });
const few = defineCollection<Note>({ name: "few", schema: noteSchema, retention: { maximumCount: 3 } });

function withClock(clock: ManualClock): { environment: { clock: ManualClock; fileSystem: typeof nodeFileSystem } } {
  return { environment: { clock, fileSystem: nodeFileSystem } };
}

describe("a document that expires", () => {
  test("is gone from every read at its time, and swept soon after", async () => {
    await using folder = await stateFolder();
    const clock = new ManualClock();
    const state = await folder.open({ ...withClock(clock), sweepMs: 10, collections: [daily] });
    const collection = state.collection(daily);
    const head = await collection.insert("a", { text: "a" });
    expect(head.expiresAt).toBe("2026-03-02T12:00:00.000Z");
    await collection.insert("never", { text: "b" }, { expiresAt: null });
    await collection.insert("early", { text: "c" }, { expiresAt: new Date(clock.now() + hourMs) });
    clock.pass(hourMs);
    expect(await collection.get("early")).toBeUndefined();
    expect((await collection.list()).documents.map(({ id }) => id)).toEqual(["a", "never"]);
    expect(await collection.count()).toBe(2);
    clock.pass(dayMs - hourMs - 1);
    expect(await collection.get("a")).toBeDefined();
    clock.pass(1);
    expect(await collection.get("a")).toBeUndefined();
    await eventually("both are swept", () => state.metrics.documents["daily"] === 1);
  });

  test("is written anew as a new document, and lives on from its last write", async () => {
    await using folder = await stateFolder();
    const clock = new ManualClock();
    const state = await folder.open({ ...withClock(clock), collections: [daily] });
    const collection = state.collection(daily);
    await collection.insert("a", { text: "a" });
    await collection.put("a", { text: "b" });
    clock.pass(dayMs);
    expect(await collection.insert("a", { text: "c" })).toMatchObject({ revision: 1 });
    clock.pass(dayMs - 1);
    await collection.put("a", { text: "d" });
    clock.pass(dayMs - 1);
    expect((await collection.get("a"))?.body.text).toBe("d");
    expect(await collection.delete("a")).toBe(true);
  });

  test("stays expired after a restart", async () => {
    await using folder = await stateFolder();
    const clock = new ManualClock();
    const state = await folder.open({ ...withClock(clock), collections: [daily] });
    await state.collection(daily).insert("a", { text: "a" });
    await state.collection(daily).insert("b", { text: "b" }, { expiresAt: null });
    clock.pass(dayMs);
    await state.close();
    await using again = await folder.open({ ...withClock(clock), collections: [daily] });
    expect((await again.collection(daily).list()).documents.map(({ id }) => id)).toEqual(["b"]);
  });

  test("at a time that is none is refused", async () => {
    await using folder = await stateFolder();
    const collection = (await folder.open()).collection(notes);
    const error = await rejectionOf(collection.insert("a", { text: "a" }, { expiresAt: "next week" }));
    expect(error).toMatchObject({ code: "INVALID_DOCUMENT", problems: [{ path: "/expiresAt" }] });
  });
});

describe("a collection with a limit", () => {
  test("keeps its newest by creation", async () => {
    await using folder = await stateFolder();
    const state = await folder.open({ sweepMs: 10, collections: [few] });
    const collection = state.collection(few);
    for (const id of ["a", "b", "c", "d", "e"]) await collection.insert(id, { text: id });
    await collection.put("c", { text: "changed" });
    await eventually("the oldest are gone", async () => (await collection.count()) === 3);
    expect((await collection.list()).documents.map(({ id }) => id)).toEqual(["c", "d", "e"]);
  });
});

describe("a wall clock", () => {
  test("set back a day reorders nothing, loses nothing, and brings nothing back", async () => {
    await using folder = await stateFolder();
    const clock = new ManualClock();
    const state = await folder.open({ ...withClock(clock), sweepMs: 10, collections: [daily] });
    const collection = state.collection(daily);
    await collection.insert("a", { text: "a" }, { expiresAt: new Date(clock.now() + 1_000) });
    await collection.insert("b", { text: "b" });
    clock.pass(1_000);
    expect(await collection.get("a")).toBeUndefined();
    clock.wall -= dayMs;
    await collection.insert("c", { text: "c" });
    await collection.update("b", (body) => ({ ...body, text: "changed" }));
    expect(await collection.get("a")).toBeUndefined();
    expect((await collection.list()).documents.map(({ id }) => id)).toEqual(["b", "c"]);
    expect((await collection.list({ order: "desc", limit: 1 })).documents.map(({ id }) => id)).toEqual(["c"]);
    // A lifetime counts from now on, not from the day before.
    expect((await collection.get("c"))?.expiresAt).toBe("2026-03-02T12:00:01.000Z");
    await state.close();

    const again = await folder.open({ ...withClock(clock), collections: [daily] });
    expect((await again.collection(daily).list()).documents.map(({ id }) => id)).toEqual(["b", "c"]);
    expect(again.recovery.warnings.join()).toMatch(/wall clock is \d+ s behind/);
    await again.collection(daily).insert("d", { text: "d" });
    expect((await again.collection(daily).list()).documents.map(({ id }) => id)).toEqual(["b", "c", "d"]);
  });

  test("set forward a year, in a running process or before one starts, deletes nothing at once", async () => {
    await using folder = await stateFolder();
    const clock = new ManualClock();
    const state = await folder.open({ ...withClock(clock), sweepMs: 10, collections: [daily] });
    await state.collection(daily).insert("a", { text: "a" });
    clock.wall += 365 * dayMs;
    clock.pass(60_000);
    expect(await state.collection(daily).get("a")).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(state.metrics.documents["daily"]).toBe(1);
    await state.close();

    const again = await folder.open({ ...withClock(clock), sweepMs: 10, collections: [daily] });
    expect(await again.collection(daily).get("a")).toBeDefined();
    expect(again.recovery.warnings.join()).toMatch(/wall clock is \d+ s ahead/);
    await new Promise((resolve) => setTimeout(resolve, 50));
    // Put right within hours, it has cost nothing.
    clock.wall -= 365 * dayMs;
    expect(await again.collection(daily).get("a")).toBeDefined();
    // And time goes on as before.
    clock.pass(dayMs);
    expect(await again.collection(daily).get("a")).toBeUndefined();
  });

  test("that was right while the machine was off is caught up with", async () => {
    await using folder = await stateFolder();
    const clock = new ManualClock();
    const state = await folder.open({ ...withClock(clock), collections: [daily] });
    await state.collection(daily).insert("a", { text: "a" });
    await state.close();
    clock.pass(30 * dayMs);
    const again = await folder.open({ ...withClock(clock), collections: [daily] });
    expect(await again.collection(daily).get("a")).toBeDefined();
    clock.pass(hourMs);
    expect(await again.collection(daily).get("a")).toBeUndefined();
  });
});
