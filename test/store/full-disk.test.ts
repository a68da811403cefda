import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isHoldfastError } from "../../src/errors.js";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { readStartupStatus } from "../../src/watch/index.js";
import { crashCopy } from "../support/crash-copy.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { eventually } from "../support/eventually.js";
import { allOf, notes, type Note } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { countedDisk, mountedDisk, type SmallDisk } from "../support/small-disk.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";
import { temporaryFolder } from "../support/temporary-folder.js";

/** As it should be on a small disk: the journal takes a small part of it. */
const settings = {
  firstSegmentBytes: 256 * 1024,
  segmentBytes: 256 * 1024,
  deleteReserveBytes: 32 * 1024,
  checkpointBytes: 256 * 1024,
  journalLimitBytes: 512 * 1024,
  journalRetainBytes: 512 * 1024,
};

function note(number: number): Note {
  return { text: `note ${number} ${"x".repeat(4_000)}` };
}

/** Writes until the disk is full, and adds to `expected` what was acknowledged. */
async function writeUntilFull(state: StateDirectory, expected: Map<string, Note>): Promise<void> {
  for (let number = expected.size; ; number += 1) {
    try {
      await state.collection(notes).insert(`note_${number}`, note(number));
      expected.set(`note_${number}`, note(number));
    } catch (error) {
      expect(isHoldfastError(error, "STORAGE_FULL"), String(error)).toBe(true);
      return;
    }
  }
}

/** A copy on another disk, as if the process had died now, holds everything that was acknowledged, and nothing cut off. */
async function expectAllAfterCrash(
  folder: StateFolder,
  directory: string,
  expected: ReadonlyMap<string, Note>,
): Promise<void> {
  await using elsewhere = await temporaryFolder();
  const copy = elsewhere.at("state");
  await crashCopy(directory, copy);
  for (const file of await filesBelow(copy, /\.json$/)) JSON.parse(await readFile(file, "utf8"));
  const { findings } = await verifyStateDirectory(copy);
  expect(findings.filter(({ severity }) => severity === "damage")).toEqual([]);
  const state = await folder.open({ directory: copy });
  expect(state.recovery).toMatchObject({ lostDocuments: [], lostSequences: [], damage: [] });
  expect(await allOf(state.collection(notes))).toEqual(expected);
  await state.close();
}

const disks: readonly [string, () => Promise<SmallDisk | undefined>][] = [
  ["a small tmpfs", mountedDisk],
  ["a disk whose space is counted", countedDisk],
];

describe.each(disks)("on %s that is full", (_name, makeDisk) => {
  test("writes are refused, reads, status and deletes go on, and writing resumes when there is space", async ({
    skip,
  }) => {
    await using disk = (await makeDisk()) ?? skip("mounting is not allowed here");
    await using folder = await stateFolder();
    const { directory, fileSystem } = disk;
    const state = await folder.open({ directory, environment: { fileSystem }, ...settings });
    const expected = new Map<string, Note>();
    for (let number = 0; number < 50; number += 1) {
      await state.collection(notes).insert(`note_${number}`, note(number));
      expected.set(`note_${number}`, note(number));
      if (number === 25) await state.checkpoint();
    }
    await disk.fill();
    await writeUntilFull(state, expected);
    expect(state.condition).toMatchObject({ state: "full", error: { code: "STORAGE_FULL" } });

    // Nothing of what was refused is there, and it is refused again, whatever the way.
    const next = expected.size;
    expect(await state.collection(notes).get(`note_${next}`)).toBeUndefined();
    const refused = { code: "STORAGE_FULL" };
    await expect(state.collection(notes).put("note_1", note(next))).rejects.toMatchObject(refused);
    await expect(state.collection(notes).update("note_1", () => note(next))).rejects.toMatchObject(refused);
    await expect(state.transaction((tx) => tx.collection(notes).put("note_1", note(next)))).rejects.toMatchObject(
      refused,
    );

    expect(await allOf(state.collection(notes))).toEqual(expected);
    expect((await state.collection(notes).get("note_1"))?.body).toEqual(note(1));
    for (const message of ["one", "two", "three"])
      await state.startup.report({ phase: "initializing_models", message });
    expect(await readStartupStatus(directory)).toMatchObject({ phase: "initializing_models" });
    for (const id of ["note_3", "note_30", "note_31"]) {
      expect(await state.collection(notes).delete(id)).toBe(true);
      expected.delete(id);
    }
    expect(await allOf(state.collection(notes))).toEqual(expected);
    await expectAllAfterCrash(folder, directory, expected);

    await disk.free();
    await eventually("writing resumes by itself", () => state.condition.state === "open");
    for (let number = 1_000; number < 1_020; number += 1) {
      await state.collection(notes).insert(`note_${number}`, note(number));
      expected.set(`note_${number}`, note(number));
    }
    await state.checkpoint();
    await expectAllAfterCrash(folder, directory, expected);
    await state.close();
    const again = await folder.open({ directory, environment: { fileSystem }, ...settings });
    expect(again.recovery.outcome).toBe("clean");
    expect(await allOf(again.collection(notes))).toEqual(expected);
    await again.close();
  });

  test("of nothing but its own documents, deleting them makes room for others", async ({ skip }) => {
    await using disk = (await makeDisk()) ?? skip("mounting is not allowed here");
    await using folder = await stateFolder();
    const { directory, fileSystem } = disk;
    const state = await folder.open({ directory, environment: { fileSystem }, ...settings, checkpointIdleMs: 20 });
    const expected = new Map<string, Note>();
    for (let round = 0; round < 2; round += 1) {
      await writeUntilFull(state, expected);
      expect(expected.size).toBeGreaterThan(100);
      expect(await allOf(state.collection(notes))).toEqual(expected);
      for (const id of [...expected.keys()]) {
        await eventually("a deletion is taken", async () => {
          try {
            return await state.collection(notes).delete(id);
          } catch (error) {
            // Room for deletions comes back with the next checkpoint.
            if (isHoldfastError(error, "STORAGE_FULL")) return false;
            throw error;
          }
        });
        expected.delete(id);
      }
      await eventually("the space is back", () => state.metrics.checkpointSequence === state.lastSequence);
      await eventually("writing resumes by itself", () => state.condition.state === "open");
    }
    await state.collection(notes).insert("last", note(0));
    expected.set("last", note(0));
    await state.close();
    await expectAllAfterCrash(folder, directory, expected);
  });

  test("a directory can still be closed, opened, read and deleted from, and takes writes again when there is space", async ({
    skip,
  }) => {
    await using disk = (await makeDisk()) ?? skip("mounting is not allowed here");
    await using folder = await stateFolder();
    const { directory, fileSystem } = disk;
    const state = await folder.open({ directory, environment: { fileSystem }, ...settings });
    const expected = new Map<string, Note>();
    await state.collection(notes).insert("note_0", note(0));
    expected.set("note_0", note(0));
    await disk.fill();
    await writeUntilFull(state, expected);
    await state.close();
    for (let time = 0; time < 8; time += 1) {
      await disk.fill();
      const full = await folder.open({ directory, environment: { fileSystem }, ...settings });
      expect(full.condition).toMatchObject({ state: "full", error: { code: "STORAGE_FULL" } });
      expect(await readStartupStatus(directory)).toMatchObject({ phase: "recovering" });
      expect(await allOf(full.collection(notes))).toEqual(expected);
      const large = { text: "x".repeat(100_000) };
      expect(await rejectionOf(full.collection(notes).insert("large", large))).toMatchObject({ code: "STORAGE_FULL" });
      // Only deleting uses the segment up that stands by: owners that come and go leave it to the one that needs it.
      if (time === 7) {
        expect(await full.collection(notes).delete("note_0")).toBe(true);
        expected.delete("note_0");
      }
      expect(await allOf(full.collection(notes))).toEqual(expected);
      await expectAllAfterCrash(folder, directory, expected);
      await full.close();
    }
    await disk.fill();
    const again = await folder.open({ directory, environment: { fileSystem }, ...settings });
    expect(again.condition.state).toBe("full");
    await disk.free();
    await eventually("writing resumes by itself", () => again.condition.state === "open");
    await again.collection(notes).insert("late", note(0));
    expected.set("late", note(0));
    await again.checkpoint();
    expect(await allOf(again.collection(notes))).toEqual(expected);
    await expectAllAfterCrash(folder, directory, expected);
    await again.close();
  });
});

test("a displaced owner that sets a segment aside late does not take the one that is in use", async () => {
  await using disk = await countedDisk();
  await using folder = await stateFolder();
  const { directory, fileSystem } = disk;
  const state = await folder.open({ directory, environment: { fileSystem }, ...settings });
  await state.collection(notes).insert("note_0", note(0));
  await state.collection(notes).insert("note_1", note(1));
  await state.close();
  await disk.fill();
  const full = await folder.open({ directory, environment: { fileSystem }, ...settings });
  expect(full.condition.state).toBe("full");
  // What an owner does last that was paused in the middle of it: its file gets the name, just as ours is to become a segment.
  const late = join(directory, "journal", "late");
  await writeFile(late, Buffer.alloc(64 * 1024));
  const lift = fileSystem.set({
    on: "rename",
    path: /\.wal$/,
    before: () => rename(late, join(directory, "journal", "standby")),
  });
  expect(await full.collection(notes).delete("note_0")).toBe(true);
  lift();
  await expectAllAfterCrash(folder, directory, new Map([["note_1", note(1)]]));
  await full.close();
});
