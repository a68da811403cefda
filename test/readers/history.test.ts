import { readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { Layout } from "../../src/files/layout.js";
import type { FileSystem } from "../../src/files/file-system.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { readHistory } from "../../src/store/history.js";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { rewriteClaim } from "../locking/rewrite-claim.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { eventually } from "../support/eventually.js";
import { allOf, notes } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder } from "../support/state-folder.js";
import { ChangeCollector, range } from "./change-collector.js";

const manySegments = { firstSegmentBytes: 16 * 1024, segmentBytes: 16 * 1024, checkpointIdleMs: 600_000 };

const keepAll = 256 * 1024 * 1024;

/** Writes notes one after another, until the journal has so many segments. */
async function fillSegments(state: StateDirectory, segments: number, prefix = "note"): Promise<void> {
  for (let count = 1; state.metrics.journalSegments < segments; count += 1) {
    await state.collection(notes).insert(`${prefix}-${count}`, { text: "x".repeat(1_000) });
  }
}

async function idsIn(state: StateDirectory): Promise<string[]> {
  return [...(await allOf(state.collection(notes))).keys()].sort();
}

async function segmentsOf(directory: string): Promise<string[]> {
  const { journal } = new Layout(directory);
  return (await readdir(journal)).filter((name) => name.endsWith(".wal")).sort();
}

function firstOf(segment: string | undefined): number {
  return Number(segment?.slice(9, 25));
}

describe("the history of changes", () => {
  test("is read while a checkpoint goes on removing what lies before it, segment by segment", async () => {
    await using folder = await stateFolder();
    const owner = await folder.open({ ...manySegments, journalRetainBytes: keepAll });
    await fillSegments(owner, 12);
    const { storeId, lastSequence } = owner;
    await owner.close();
    const layout = new Layout(folder.directory);
    const needed = (await segmentsOf(folder.directory)).findLast((segment) => firstOf(segment) <= lastSequence) ?? "";
    const fileSystem: FileSystem = {
      ...nodeFileSystem,
      open: async (path, mode) => {
        // Each is gone the moment it is looked at, as if the checkpoint were always one ahead.
        if (path.endsWith(".wal") && !path.endsWith(needed)) await rm(path);
        return nodeFileSystem.open(path, mode);
      },
    };
    const commits = await readHistory(fileSystem, layout, storeId, lastSequence - 1, lastSequence);
    expect(commits.map(({ sequence }) => sequence)).toEqual([lastSequence]);
  });

  test("is refused, and not shortened, when its beginning is pruned while it is being read", async () => {
    await using folder = await stateFolder();
    const owner = await folder.open({ ...manySegments, journalRetainBytes: 0 });
    await fillSegments(owner, 6);
    const [, second] = await segmentsOf(folder.directory);
    const layout = new Layout(folder.directory);
    // A checkpoint comes in between the first look at the journal and each of the later ones.
    for (const moment of ["readDirectory", "open", "readFile"] as const) {
      const pruning = pruneBefore(moment, async () => {
        const [first] = await segmentsOf(folder.directory);
        if (first !== undefined && first !== second) await rm(join(layout.journal, first));
        else await owner.checkpoint();
      });
      const reading = readHistory(pruning, layout, owner.storeId, 0, owner.lastSequence);
      const outcome = await reading.then(
        (commits) => commits[0]?.sequence,
        (error: unknown) => (error as { code?: string }).code,
      );
      expect([1, "COMPACTED"]).toContain(outcome);
    }
  });

  test("is told as far as a segment that is lost, and can be followed from behind it", async () => {
    await using folder = await stateFolder();
    const owner = await folder.open({ ...manySegments, journalRetainBytes: keepAll });
    await fillSegments(owner, 6);
    const newest = owner.lastSequence;
    const directory = await folder.crash();
    const segments = await segmentsOf(directory);
    const third = join(new Layout(directory).journal, segments[2] ?? "");
    const [lostFirst, lostLast] = [firstOf(segments[2]), firstOf(segments[3]) - 1];
    const bytes = await readFile(third);
    await writeFile(third, bytes.fill("?", bytes.indexOf("\n") + 1));

    const reader = await folder.open({ directory, mode: "reader" });
    expect(reader.recovery.lostSequences).toEqual([{ first: lostFirst, last: lostLast }]);
    await expectGap(reader, lostFirst, lostLast, newest);
    await reader.close();
    const next = await folder.open({ directory, journalRetainBytes: keepAll });
    await expectGap(next, lostFirst, lostLast, newest);
  });
});

async function expectGap(state: StateDirectory, lostFirst: number, lostLast: number, newest: number): Promise<void> {
  await using before = new ChangeCollector(state, 0);
  await before.ended();
  expect(before.sequences).toEqual(range(1, lostFirst - 1));
  expect(before.failure).toMatchObject({ code: "COMPACTED", details: { oldest: lostLast } });
  await using behind = new ChangeCollector(state, lostLast);
  await behind.until(({ last }) => last >= newest);
  expect(behind.sequences.slice(0, newest - lostLast)).toEqual(range(lostLast + 1, newest));
}

/** The machine's files; the first time that one of the calls is made for the second time, something happens before it. */
function pruneBefore(moment: "readDirectory" | "open" | "readFile", prune: () => Promise<void>): FileSystem {
  let calls = 0;
  const once = async (call: string): Promise<void> => {
    if (call !== moment) return;
    calls += 1;
    if (calls === (moment === "readDirectory" ? 2 : 1)) await prune();
  };
  return {
    ...nodeFileSystem,
    async readDirectory(path) {
      await once("readDirectory");
      return nodeFileSystem.readDirectory(path);
    },
    async open(path, mode) {
      await once("open");
      return nodeFileSystem.open(path, mode);
    },
    async readFile(path) {
      await once("readFile");
      return nodeFileSystem.readFile(path);
    },
  };
}

describe("a reader that opens", () => {
  test("while checkpoints take away what it is about to read sees everything all the same", async () => {
    await using folder = await stateFolder();
    const owner = await folder.open({ ...manySegments, journalRetainBytes: 0 });
    await fillSegments(owner, 3, "before");
    await owner.checkpoint();
    let checkpoints = 0;
    // Each time it has read the documents and turns to the journal, the journal it needs has just gone.
    const disturbed: FileSystem = {
      ...nodeFileSystem,
      async readDirectory(path) {
        if (path === new Layout(folder.directory).journal && checkpoints < 8) {
          checkpoints += 1;
          await owner.collection(notes).delete(`before-${checkpoints}`);
          await fillSegments(owner, owner.metrics.journalSegments + 1, `while-${checkpoints}`);
          await owner.checkpoint();
        }
        return nodeFileSystem.readDirectory(path);
      },
    };
    const reader = await folder.open({ mode: "reader", environment: { fileSystem: disturbed } });
    expect(checkpoints).toBe(8);
    expect(reader.recovery).toMatchObject({ lostSequences: [], damage: [], lostDocuments: [] });
    await eventually("the newest", () => reader.lastSequence === owner.lastSequence);
    expect(await idsIn(reader)).toEqual(await idsIn(owner));
  });

  test("before the first checkpoint, which then takes the journal away, sees everything all the same", async () => {
    await using folder = await stateFolder();
    const owner = await folder.open({ ...manySegments, journalRetainBytes: 0 });
    await fillSegments(owner, 4);
    let disturbances = 0;
    const disturbed: FileSystem = {
      ...nodeFileSystem,
      async readDirectory(path) {
        if (path === new Layout(folder.directory).journal && disturbances < 1) {
          disturbances += 1;
          await owner.checkpoint();
        }
        return nodeFileSystem.readDirectory(path);
      },
    };
    const reader = await folder.open({ mode: "reader", environment: { fileSystem: disturbed } });
    expect(disturbances).toBe(1);
    expect(await idsIn(reader)).toEqual(await idsIn(owner));
  });

  test("reports a real loss, and does not wait for it to heal", async () => {
    await using folder = await stateFolder();
    const owner = await folder.open({ ...manySegments, journalRetainBytes: 0 });
    await fillSegments(owner, 4);
    const directory = await folder.crash();
    const [, second, third] = await segmentsOf(directory);
    await rm(join(new Layout(directory).journal, second ?? ""));
    const reader = await folder.open({ directory, mode: "reader" });
    expect(reader.recovery.outcome).toBe("degraded");
    expect(reader.recovery.lostSequences).toEqual([{ first: firstOf(second), last: firstOf(third) - 1 }]);
  });
});

test("a reader takes a document from its file when nothing in the journal says yet that it is durable", async () => {
  await using folder = await stateFolder();
  const owner = await folder.open(manySegments);
  await owner.collection(notes).insert("one", { text: "first" });
  await owner.checkpoint();
  const directory = await folder.crash();
  const [path = ""] = await filesBelow(directory, /one\.json$/);
  const [segment = ""] = await filesBelow(directory, /\.wal$/);
  // As if another host held it: nobody here can say that the owner is dead.
  await rewriteClaim(new Layout(directory), 1, { bootId: "elsewhere" });
  const reader = await folder.open({ directory, mode: "reader", cacheBytes: 0, staleAfterMs: 600_000 });
  expect((await reader.collection(notes).get("one"))?.body.text).toBe("first");

  // The owner dies in the middle of a checkpoint: the document's file is there, the watermark not yet.
  await owner.collection(notes).put("one", { text: "second" });
  await owner.checkpoint();
  const later = await folder.crash();
  await writeFile(segment, withoutLastWatermark(await readFile(join(later, relative(directory, segment)))), {
    flag: "r+",
  });
  await rename(join(later, relative(directory, path)), path);
  expect((await reader.collection(notes).get("one"))?.body.text).toBe("second");
  await truncate(path, 10);
  expect((await rejectionOf(reader.collection(notes).get("one"))).code).toBe("CORRUPT");
});

/** A segment whose last line is a commit: what stands behind it was never written. */
function withoutLastWatermark(segment: Buffer): Buffer {
  const lastCommit = segment.lastIndexOf('"operations"');
  return Buffer.from(segment).fill(0, segment.indexOf("\n", lastCommit) + 1);
}
