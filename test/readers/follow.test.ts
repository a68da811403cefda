import { readdir } from "node:fs/promises";
import { Layout } from "../../src/files/layout.js";
import { describe, expect, test } from "vitest";
import { entries } from "../programs/entries.js";
import { eventually } from "../support/eventually.js";
import { allOf } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder } from "../support/state-folder.js";
import { StateProcess } from "../support/state-process.js";
import { ChangeCollector, range } from "./change-collector.js";

/** Segments and checkpoints come often. */
const restless = {
  firstSegmentBytes: 16 * 1024,
  segmentBytes: 32 * 1024,
  checkpointBytes: 48 * 1024,
  checkpointIdleMs: 30,
};
const kept = 256 * 1024 * 1024;

async function segmentCount(directory: string): Promise<number> {
  return (await readdir(new Layout(directory).journal)).filter((name) => name.endsWith(".wal")).length;
}

/** Inserts 300 entries in small batches, so that they are spread over many segments. */
async function fill(writer: StateProcess, prefix: string): Promise<void> {
  for (let batch = 1; batch <= 30; batch += 1) {
    await writer.do({ insert: { prefix: `${prefix}-${batch}`, count: 10, bytes: 600 } });
  }
}

describe("a reader", () => {
  test.each([
    ["that are closed", false],
    ["that are killed", true],
  ])("follows every commit in order, across segments, checkpoints and writers %s", async (_, killed) => {
    await using folder = await stateFolder();
    const options = { directory: folder.directory, ...restless, journalRetainBytes: kept };
    const acknowledged: string[] = [];
    await using first = await StateProcess.open(options);
    const reader = await folder.open({ mode: "reader" });
    await using follower = new ChangeCollector(reader, 0);
    let writer = first;
    for (let round = 1; round <= 6; round += 1) {
      await writer.do({ loopInsert: { prefix: `round-${round}`, atOnce: 4, bytes: 600 } });
      await writer.event(({ id }) => id === `round-${round}-150`);
      if (killed) {
        await writer.kill();
      } else {
        await writer.do({ stop: true });
        await writer.do({ close: true });
      }
      acknowledged.push(...writer.acknowledged);
      await writer[Symbol.asyncDispose]();
      writer = await StateProcess.open(options);
    }
    await writer.do({ insert: { prefix: "last", count: 1 } });
    acknowledged.push(...writer.acknowledged);
    const newest = writer.events.findLast(({ event }) => event === "acknowledged")?.sequence ?? 0;
    await follower.until(({ last }) => last >= newest);
    await writer.kill();

    expect(await segmentCount(folder.directory)).toBeGreaterThan(10);
    expect(follower.sequences).toEqual(range(1, follower.last));
    const seen = follower.ids("entries");
    expect(new Set(seen).size).toBe(seen.length);
    const known = new Set(seen);
    expect(acknowledged.filter((id) => !known.has(id))).toEqual([]);
    // The reader's documents are those that its changes told of, and those the next owner has.
    const bodies = await allOf(reader.collection(entries));
    expect([...bodies.keys()].sort()).toEqual(seen.toSorted());
    const owner = await folder.open();
    expect(await allOf(owner.collection(entries))).toEqual(bodies);
  });

  test("resumes behind any sequence number, in a new reader", async () => {
    await using folder = await stateFolder();
    const options = { directory: folder.directory, ...restless, journalRetainBytes: kept };
    await using writer = await StateProcess.open(options);
    await fill(writer, "entry");
    await writer.do({ checkpoint: true });
    let position = 0;
    for (let count = 0; position < 280; count += 1) {
      const reader = await folder.open({ mode: "reader" });
      const part: number[] = [];
      for await (const { sequence } of reader.changes({ since: position })) {
        part.push(sequence);
        if (part.length === 37) break;
      }
      expect(part).toEqual(range(position + 1, position + 37));
      position += 37;
      await reader.close();
      if (count % 3 === 0) await writer.do({ insert: { prefix: `more-${count}`, count: 10, bytes: 600 } });
    }
  });

  test("is told that changes are no longer kept, and from where on they are", async () => {
    await using folder = await stateFolder();
    await using writer = await StateProcess.open({ directory: folder.directory, ...restless, journalRetainBytes: 0 });
    await fill(writer, "entry");
    await writer.do({ checkpoint: true });
    await eventually("only the newest segment is left", async () => (await segmentCount(folder.directory)) === 1);
    const reader = await folder.open({ mode: "reader" });
    const follow = reader.changes({ since: 5 })[Symbol.asyncIterator]();
    const error = await rejectionOf(follow.next());
    expect(error.code).toBe("COMPACTED");
    const oldest = Number(error.details["oldest"]);
    expect(error.details).toMatchObject({ since: 5 });
    expect(oldest).toBeGreaterThan(5);
    // Everything is in the collections, and the changes go on from there.
    expect((await allOf(reader.collection(entries))).size).toBe(300);
    await using follower = new ChangeCollector(reader, oldest);
    await writer.do({ insert: { prefix: "later", count: 20 } });
    const newest = writer.events.findLast(({ event }) => event === "acknowledged")?.sequence ?? 0;
    await follower.until(({ last }) => last >= newest);
    expect(follower.sequences).toEqual(range(oldest + 1, newest));
  });

  test("that slept while the journal went on without it comes to the newest state, and says what it can not tell", async () => {
    await using folder = await stateFolder();
    const options = { ...restless, checkpointBytes: kept, checkpointIdleMs: 600_000, journalRetainBytes: 0 };
    await using writer = await StateProcess.open({ directory: folder.directory, ...options });
    await writer.do({ insert: { prefix: "before", count: 20, bytes: 600 } });
    await using reader = await StateProcess.open({ directory: folder.directory, mode: "reader" });
    await reader.do({ follow: { since: 0 } });
    await reader.event(({ event, ids }) => event === "change" && ids?.includes("before-20") === true);
    reader.pause();
    await writer.do({ remove: { prefix: "before", count: 10 } });
    await writer.do({ put: { prefix: "before", count: 5, text: "again" } });
    await fill(writer, "meanwhile");
    await writer.do({ checkpoint: true });
    await eventually("only the newest segment is left", async () => (await segmentCount(folder.directory)) === 1);
    reader.resume();
    expect(await reader.event(({ event }) => event === "rejected")).toMatchObject({ code: "COMPACTED" });
    const told = reader.events.flatMap(({ event, sequence }) => (event === "change" ? [sequence ?? 0] : []));
    expect(told).toEqual(range(1, told.length));
    const owner = await writer.do({ list: true });
    let found: unknown;
    await eventually("the reader has the same documents", async () => {
      found = (await reader.do({ list: true })).ids;
      return JSON.stringify(found) === JSON.stringify(owner.ids);
    });
  });

  test("sees the same as others that read beside it", async () => {
    await using folder = await stateFolder();
    const options = { directory: folder.directory, ...restless, journalRetainBytes: kept };
    await using writer = await StateProcess.open(options);
    const readers = await Promise.all(range(1, 12).map(() => folder.open({ mode: "reader" })));
    const followers = readers.map((reader) => new ChangeCollector(reader, 0));
    await writer.do({ insert: { prefix: "entry", count: 200, bytes: 600 } });
    const newest = Math.max(...writer.events.map(({ sequence }) => sequence ?? 0));
    const expected = (await writer.do({ list: true })).ids;
    for (const [index, follower] of followers.entries()) {
      await follower.until(({ last }) => last >= newest);
      expect(follower.sequences).toEqual(range(1, newest));
      const reader = readers[index];
      if (reader === undefined) throw new Error("no reader");
      expect([...(await allOf(reader.collection(entries))).keys()].sort()).toEqual(expected);
      await follower[Symbol.asyncDispose]();
    }
  });
});
