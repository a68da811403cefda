import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { Change, WatchOptions } from "../../src/collections/index.js";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { flipByteWithin } from "../support/flip-byte.js";
import { range } from "../support/journal-folder.js";
import { notes } from "../support/notes.js";
import { rejectionOf, thrownBy } from "../support/rejection.js";
import { stateFolder } from "../support/state-folder.js";

const small = { firstSegmentBytes: 16 * 1024, segmentBytes: 16 * 1024 };

async function take(changes: AsyncIterable<Change>, count: number): Promise<Change[]> {
  const taken: Change[] = [];
  for await (const change of changes) {
    taken.push(change);
    if (taken.length === count) break;
  }
  return taken;
}

/** What follows a sequence number, up to the newest commit. */
async function since(state: StateDirectory, options: WatchOptions & { since: number }): Promise<number[]> {
  const changes = await take(state.changes(options), state.lastSequence - options.since);
  return changes.map(({ sequence }) => sequence);
}

async function insertMany(state: StateDirectory, first: number, last: number, bytes = 0): Promise<void> {
  for (const number of range(first, last)) {
    await state.collection(notes).insert(`n${number}`, { text: `note ${number}`, filler: "x".repeat(bytes) } as never);
  }
}

describe("changes", () => {
  test("are whole commits, in order, with what they did", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    const from = state.lastSequence;
    const following = take(state.changes({ since: from }), 4);
    const expiresAt = "2999-01-01T00:00:00.000Z";
    await state.collection(notes).insert("a", { text: "a" }, { expiresAt });
    await state.transaction(async (tx) => {
      await tx.collection(notes).put("a", { text: "b" });
      await tx.collection(notes).insert("b", { text: "b" });
    });
    await state.collection(notes).delete("a");
    await state.collection(notes).put("b", { text: "c" });
    const changes = await following;
    expect(changes.map(({ sequence }) => sequence)).toEqual(range(from + 1, from + 4));
    const [put, remove] = [
      { type: "put", collection: "notes" },
      { type: "delete", collection: "notes" },
    ] as const;
    expect(changes.map(({ operations }) => operations)).toEqual([
      [{ ...put, id: "a", revision: 1, expiresAt, body: { text: "a" } }],
      [
        { ...put, id: "a", revision: 2, body: { text: "b" } },
        { ...put, id: "b", revision: 1, body: { text: "b" } },
      ],
      [{ ...remove, id: "a", revision: 3 }],
      [{ ...put, id: "b", revision: 2, body: { text: "c" } }],
    ]);
  });

  test("come from history and go on live, without a gap or a repeat", async () => {
    await using folder = await stateFolder();
    const before = await folder.open(small);
    await insertMany(before, 1, 60, 500);
    await before.close();
    const state = await folder.open(small);
    const end = state.lastSequence + 40;
    const following = take(state.changes({ since: 0 }), end);
    for (const number of range(61, 100)) {
      await state.collection(notes).insert(`n${number}`, { text: `note ${number}` });
      if (number === 80) await state.checkpoint();
    }
    expect((await following).map(({ sequence }) => sequence)).toEqual(range(1, end));
    for (const from of [1, 17, 40, 63, end - 1])
      expect(await since(state, { since: from })).toEqual(range(from + 1, end));
  });

  test("without a number begin now; of one collection are only its own", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    await insertMany(state, 1, 3);
    const all = take(state.changes(), 2);
    const own = take(state.collection(notes).watch(), 1);
    // The generators begin at their first step.
    await new Promise((resolve) => setImmediate(resolve));
    await state.collectionNamed("letters", { create: true })?.insert("a", 1);
    await insertMany(state, 4, 4);
    const last = state.lastSequence;
    expect((await all).map(({ sequence }) => sequence)).toEqual([last - 1, last]);
    expect(await own).toMatchObject([{ sequence: last, operations: [{ id: "n4" }] }]);
  });

  test("end when their signal aborts, and when the store closes", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    const controller = new AbortController();
    const aborted = take(state.changes({ signal: controller.signal }), 1);
    const closed = take(state.changes(), 1);
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect(await aborted).toEqual([]);
    await state.close();
    // Closing says a last word: the phase it stopped in.
    expect((await closed).every(({ operations }) => operations.every(({ collection }) => collection !== "notes"))).toBe(
      true,
    );
    expect(thrownBy(() => state.changes()).code).toBe("CLOSED");
  });

  test("that are no longer kept are a clear error, which says where they begin", async () => {
    await using folder = await stateFolder();
    const state = await folder.open({ ...small, journalRetainBytes: 0 });
    await insertMany(state, 1, 60, 500);
    await state.checkpoint();
    await state.close();
    const again = await folder.open({ ...small, journalRetainBytes: 0 });
    const error = await rejectionOf(take(again.changes({ since: 2 }), 1));
    expect(error.code).toBe("COMPACTED");
    const oldest = error.details["oldest"] as number;
    expect(oldest).toBeGreaterThan(2);
    expect(await since(again, { since: oldest })).toEqual(range(oldest + 1, again.lastSequence));
  });

  test("that were lost to damage are a clear error too, never a silent gap", async () => {
    await using folder = await stateFolder();
    const state = await folder.open(small);
    await insertMany(state, 1, 80, 500);
    await state.close();
    const segments = await filesBelow(folder.at("journal"), /\.wal$/);
    expect(segments.length).toBeGreaterThan(3);
    const again = await folder.open(small);
    // Behind the checkpoint: nothing but history is lost.
    const middle = segments[1] as string;
    const held = (await readFile(middle, "latin1")).match(/"note \d+"/g) ?? [];
    await flipByteWithin(middle, held[Math.floor(held.length / 2)] as string);
    const taken: number[] = [];
    const error = await rejectionOf(
      (async () => {
        for await (const { sequence } of again.changes({ since: 0 })) taken.push(sequence);
      })(),
    );
    expect(error.code).toBe("COMPACTED");
    expect(taken).toEqual(range(1, taken.length));
    const oldest = error.details["oldest"] as number;
    expect(oldest).toBe(taken.length + 1);
    expect(await since(again, { since: oldest })).toEqual(range(oldest + 1, again.lastSequence));
    expect(await again.collection(notes).count()).toBe(80);
  });

  test("from a number that is none are refused", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    for (const from of [-1, 1.5, Number.NaN]) {
      expect((await rejectionOf(take(state.changes({ since: from }), 1))).code).toBe("INVALID_CONFIG");
    }
  });
});
