import { expect, test } from "vitest";
import { openStateDirectory, type OpenStateDirectoryOptions } from "../../src/open-state-directory.js";
import { backUpStateDirectory } from "../../src/backup/backup.js";
import { restoreStateDirectory } from "../../src/backup/restore.js";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { entries, type Entry } from "../programs/entries.js";
import { allOf } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { StateProcess } from "../support/state-process.js";
import { temporaryFolder } from "../support/temporary-folder.js";

interface Written {
  readonly revision: number;
  readonly body: Entry;
}

/** Replays the journalled history, from the first commit to one, into what the collection must then hold. */
async function historyOf(directory: string, upTo: number): Promise<Map<string, Written>> {
  await using reader = await openStateDirectory({ directory, mode: "reader" });
  const documents = new Map<string, Written>();
  for await (const { sequence, operations } of reader.changes({ since: 0 })) {
    if (sequence > upTo) break;
    for (const operation of operations.filter(({ collection }) => collection === entries.name)) {
      const { id, revision } = operation;
      if (operation.type === "delete") documents.delete(id);
      else documents.set(id, { revision, body: operation.body as Entry });
    }
    if (sequence === upTo) break;
  }
  return documents;
}

const restless = { checkpointBytes: 64 * 1024, firstSegmentBytes: 64 * 1024, segmentBytes: 64 * 1024 };
const packing = { packAtDocuments: 8, looseLimit: 4, mergeFactor: 2 };
const writers: [string, Partial<OpenStateDirectoryOptions>, boolean][] = [
  ["packs and merges, and keeps its journal", { ...restless, ...packing, journalRetainBytes: 1024 ** 3 }, true],
  ["packs and merges, and keeps nothing of its journal", { ...restless, ...packing, journalRetainBytes: 0 }, false],
  ["keeps its journal", { ...restless, journalRetainBytes: 1024 ** 3 }, true],
  ["keeps nothing of its journal", { ...restless, journalRetainBytes: 0 }, false],
];

test.each(writers)(
  "a backup beside a process that writes all the time and %s is one moment",
  async (_, settings, keeps) => {
    await using folder = await temporaryFolder();
    const directory = folder.at("state");
    await using writer = await StateProcess.open({ directory, ...settings });
    await writer.do({ insert: { prefix: "early", count: 300, bytes: 500 } });
    await writer.do({ checkpoint: true });
    await writer.do({ loopInsert: { prefix: "loop", atOnce: 16, bytes: 500 } });
    await writer.do({ loopPairs: { left: "left", right: "right" } });
    // Documents that are in files, and go while these are copied.
    const removed = writer.do({ remove: { prefix: "early", count: 150 } });
    const report = await backUpStateDirectory({ directory, to: folder.at("backup") });
    await removed;
    const behind = writer.events.length;
    await writer.event(({ event, sequence = 0 }) => event === "acknowledged" && sequence > report.sequence, behind);
    await writer.do({ stop: true });
    expect(report.damage).toEqual([]);

    const restored = folder.at("restored");
    const { recovery } = await restoreStateDirectory({ from: folder.at("backup"), directory: restored });
    expect(recovery).toMatchObject({ outcome: "clean", lastSequence: report.sequence, storeId: report.storeId });
    expect((await verifyStateDirectory(restored)).findings).toEqual([]);

    const copy = await openStateDirectory({ directory: restored, collections: [entries] });
    const documents = await allOf(copy.collection(entries));
    // Whatever was acknowledged up to that commit is there, and nothing that was acknowledged later.
    for (const { event, id = "", sequence = 0 } of writer.events) {
      if (event !== "acknowledged" || id.startsWith("early")) continue;
      expect(documents.has(id), `${id} of commit ${sequence}, backed up as of ${report.sequence}`).toBe(
        sequence <= report.sequence,
      );
    }
    expect(documents.get("left")).toEqual(documents.get("right"));
    if (keeps) {
      const expected = await historyOf(directory, report.sequence);
      expect(documents.size).toBe(expected.size);
      for (const [id, { revision, body }] of expected) {
        expect(await copy.collection(entries).get(id)).toMatchObject({ revision, body });
      }
    }

    // Whoever had followed up to the backup's commit goes on; whoever had not is told that changes are missing.
    const first = copy.changes({ since: report.sequence })[Symbol.asyncIterator]();
    await copy.collection(entries).put("after", { text: "after the restore", epoch: copy.epoch });
    const change = await first.next();
    expect(change.value).toMatchObject({ sequence: report.sequence + 1 });
    await first.return?.();
    const earlier = copy.changes({ since: report.sequence - 1 })[Symbol.asyncIterator]();
    expect(await rejectionOf(earlier.next())).toMatchObject({ code: "COMPACTED" });
    await copy.close();
  },
);

test("a backup beside a process that is killed meanwhile is whole, or none", async () => {
  await using folder = await temporaryFolder();
  const directory = folder.at("state");
  await using writer = await StateProcess.open({ directory, ...restless });
  await writer.do({ insert: { prefix: "early", count: 200, bytes: 500 } });
  await writer.do({ loopInsert: { prefix: "loop", atOnce: 16, bytes: 500 } });
  const backup = backUpStateDirectory({ directory, to: folder.at("backup") });
  await writer.kill();
  const { sequence } = await backup;
  await restoreStateDirectory({ from: folder.at("backup"), directory: folder.at("restored") });
  await using copy = await openStateDirectory({ directory: folder.at("restored"), collections: [entries] });
  const documents = await allOf(copy.collection(entries));
  for (const event of writer.events) {
    if (event.event !== "acknowledged") continue;
    expect(documents.has(event.id ?? "")).toBe((event.sequence ?? 0) <= sequence);
  }
});
