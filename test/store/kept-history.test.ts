import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import type { FileSystem } from "../../src/files/file-system.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { countedReads } from "../support/counted-reads.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { eventually } from "../support/eventually.js";
import { flipByteWithin } from "../support/flip-byte.js";
import { notes } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";

const settings = { firstSegmentBytes: 64 * 1024, segmentBytes: 64 * 1024 };
const text = "x".repeat(20_000);

/** A closed directory whose journal keeps some segments that nothing depends on. */
async function directoryWithHistory(folder: StateFolder): Promise<string[]> {
  const state = await folder.open(settings);
  for (let index = 0; index < 20; index += 1) await state.collection(notes).put(`note_${index}`, { text });
  await state.close();
  const segments = await filesBelow(folder.at("journal"), /\.wal$/);
  expect(segments.length).toBeGreaterThan(4);
  return segments;
}

async function untilChecked(state: StateDirectory): Promise<void> {
  await eventually("the journal that is kept has been looked through", () => !state.metrics.checkingHistory);
}

test("opening reads no more than the headers of what the journal keeps, and looks through the rest afterwards", async () => {
  await using folder = await stateFolder();
  const segments = await directoryWithHistory(folder);
  const disk = countedReads();
  const state = await folder.open({ ...settings, environment: { fileSystem: disk.fileSystem } });
  const kept = segments.slice(0, -1).map((path) => new RegExp(`${path}$`));
  for (const path of kept) expect(disk.bytesRead(path)).toBeLessThanOrEqual(4_096);
  expect(state.metrics.checkingHistory).toBe(true);
  await untilChecked(state);
  for (const path of kept) expect(disk.bytesRead(path)).toBeGreaterThan(20_000);
  expect(state.recovery).toMatchObject({ outcome: "clean", damage: [] });
});

test("damage that is found afterwards is told in the report and the status, set aside, and no follower is led across it", async () => {
  await using folder = await stateFolder();
  const [, damaged = "", ...later] = await directoryWithHistory(folder);
  await flipByteWithin(damaged, text);
  const state = await folder.open(settings);
  expect(state.recovery).toMatchObject({ outcome: "clean", damage: [] });
  const follower = state.changes({ since: 0 });
  expect((await rejectionOf(reachEnd(follower))).code).toBe("COMPACTED");

  await untilChecked(state);
  expect(state.recovery).toMatchObject({
    outcome: "recovered",
    damage: [{ file: expect.stringMatching(/^journal\//) as string, kind: "journal", repaired: true }],
    lostSequences: [],
    lostDocuments: [],
  });
  const [found] = state.recovery.damage;
  expect(damaged.endsWith(found?.file ?? "none")).toBe(true);
  expect((await readFile(folder.at(found?.quarantined ?? "none"))).length).toBe(found?.length);
  const report = folder.at(join("status", "recovery.json"));
  await eventually("the report is on disk", async () =>
    (await readFile(report, "utf8")).includes('"outcome": "recovered"'),
  );
  await eventually("the status says so", () => state.startup.current.recovery?.outcome === "recovered");

  // As with damage that opening finds: the segment leaves the journal for quarantine, and what is older goes.
  await eventually("the segment has left the journal", async () => {
    const left = await filesBelow(folder.at("journal"), /\.wal$/);
    return !left.includes(damaged) && later.every((path) => left.includes(path));
  });
  expect(await filesBelow(folder.at("quarantine"), /\.wal$/)).toHaveLength(1);
  await state.close();
  const again = await folder.open(settings);
  await untilChecked(again);
  expect(again.recovery).toMatchObject({ outcome: "clean", damage: [] });
});

test("damage that is found afterwards is in the report on the disk before its segment leaves the journal", async () => {
  await using folder = await stateFolder();
  const [, damaged = ""] = await directoryWithHistory(folder);
  await flipByteWithin(damaged, text);
  const reported: boolean[] = [];
  let isOpen = false;
  const fileSystem: FileSystem = {
    ...nodeFileSystem,
    rename: async (from, to) => {
      // So long that a checkpoint would be over, if one did not wait for the report.
      if (isOpen && to.endsWith("recovery.json")) await delay(300);
      if (from === damaged)
        reported.push((await readFile(folder.at(join("status", "recovery.json")), "utf8")).includes('"recovered"'));
      await nodeFileSystem.rename(from, to);
    },
  };
  await folder.open({ ...settings, environment: { fileSystem } });
  isOpen = true;
  await eventually("the segment has left the journal", () => reported.length > 0);
  expect(reported).toEqual([true]);
});

test("closing does not wait for it, and the next owner looks again", async () => {
  await using folder = await stateFolder();
  const [damaged = ""] = await directoryWithHistory(folder);
  await flipByteWithin(damaged, text);
  const hasty = await folder.open(settings);
  await hasty.close();
  expect(hasty.recovery.damage).toEqual([]);
  const state = await folder.open(settings);
  await untilChecked(state);
  expect(state.recovery.damage).toHaveLength(1);
});

async function reachEnd(changes: AsyncIterable<unknown>): Promise<void> {
  for await (const change of changes) expect(change).toBeDefined();
}
