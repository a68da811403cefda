import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { entries } from "../programs/entries.js";
import { allOf } from "../support/notes.js";
import { stateFolder } from "../support/state-folder.js";
import { refusals, tooManyOpenFiles } from "./refusal.js";

const small = { firstSegmentBytes: 16 * 1024, segmentBytes: 16 * 1024 };
const never = { checkpointIdleMs: 3_600_000, checkpointBytes: 256 * 1024 * 1024 };

describe.each(refusals.map((refusal) => [refusal.what, refusal] as const))(
  "%s, by the system itself",
  (_what, refusal) => {
    const { systemCode, answer } = refusal;

    test("at the next segment of a running writer's journal: writing ends, reading goes on, and nothing acknowledged is lost", async ({
      skip,
    }) => {
      await using folder = await stateFolder();
      const { directory } = folder;
      await refusal.folderFor(directory);
      const started = await refusal.start();
      await using writer = typeof started === "string" ? skip(started) : started;
      await writer.do({ open: { directory, ...small, ...never } });
      await writer.do({ loopInsert: { prefix: "loop", atOnce: 4, bytes: 3_000 } });
      await writer.event(({ id }) => id === "loop-10");
      const lift = await refusal.refuse(writer, join(directory, "journal"));
      try {
        await writer.event(({ event }) => event === "loop-ended");
        const rejected = writer.events.filter(({ event }) => event === "rejected");
        expect(rejected.length).toBeGreaterThan(0);
        for (const { code, details } of rejected) {
          expect(code).toBe("STORAGE_FAILED");
          expect(details).toMatchObject({ systemCode });
        }
        expect(writer.events.filter(({ event }) => event === "condition")).toMatchObject([
          { condition: "failed", code: "STORAGE_FAILED" },
        ]);
        expect((await writer.do({ list: true })).ids).toEqual(writer.acknowledged.toSorted());
      } finally {
        await lift();
      }
      await writer.do({ insert: { prefix: "late", count: 3 } });
      expect(writer.acknowledged.filter((id) => id.startsWith("late"))).toEqual([]);
      await writer.do({ close: true });

      const state = await folder.open();
      expect(state.recovery).toMatchObject({ damage: [], lostDocuments: [], lostSequences: [] });
      const found = await allOf(state.collection(entries));
      expect(writer.acknowledged.filter((id) => !found.has(id))).toEqual([]);
      expect([...found.keys()].filter((id) => id.startsWith("late"))).toEqual([]);
      await state.collection(entries).insert("after", { text: "writing goes on", epoch: state.epoch });
      await state.close();
      expect(await verifyStateDirectory(directory)).toMatchObject({ ok: true });
    });

    test("at a running writer's checkpoint: it fails with the reason, writing goes on, and the next one is whole", async ({
      skip,
    }) => {
      await using folder = await stateFolder();
      const { directory } = folder;
      await refusal.folderFor(directory);
      const started = await refusal.start();
      await using writer = typeof started === "string" ? skip(started) : started;
      await writer.do({ open: { directory, ...never } });
      await writer.do({ insert: { prefix: "filed", count: 5 } });
      await writer.do({ checkpoint: true });
      await writer.do({ insert: { prefix: "journaled", count: 5 } });
      const lift = await refusal.refuse(writer, join(directory, "collections"));
      try {
        const failed = await writer.tell({ checkpoint: true });
        expect(failed).toMatchObject({ event: "failed", code: answer, details: { systemCode } });
        await writer.do({ insert: { prefix: "meanwhile", count: 5 } });
      } finally {
        await lift();
      }
      await writer.do({ checkpoint: true });
      await writer.do({ insert: { prefix: "afterwards", count: 5 } });
      expect(writer.events.filter(({ event }) => event === "rejected" || event === "condition")).toEqual([]);
      expect(writer.acknowledged).toHaveLength(20);
      await writer.kill();

      const state = await folder.open();
      expect(state.recovery).toMatchObject({
        damage: [],
        lostDocuments: [],
        lostSequences: [],
        journal: { replayed: 5 },
      });
      expect([...(await allOf(state.collection(entries))).keys()].sort()).toEqual(writer.acknowledged.toSorted());
      await state.close();
      expect(await verifyStateDirectory(directory)).toMatchObject({ ok: true });
    });
  },
);

test("too many open files, by the system itself, at an opening: it fails with the reason, and loses nothing", async () => {
  await using folder = await stateFolder();
  const started = await tooManyOpenFiles.start();
  if (typeof started === "string") throw new Error(started);
  await using writer = started;
  const { directory } = folder;
  await writer.do({ open: { directory, ...never } });
  await writer.do({ insert: { prefix: "first", count: 20 } });
  await writer.do({ close: true });
  const lift = await tooManyOpenFiles.refuse(writer, directory);
  const refused = { event: "failed", code: "STORAGE_FAILED", details: { systemCode: "EMFILE" } };
  expect(await writer.tell({ open: { directory } })).toMatchObject(refused);
  await lift();
  const { recovery } = await writer.do({ open: { directory } });
  expect(recovery).toMatchObject({ outcome: "clean", damage: [], lostDocuments: [], lostSequences: [] });
  expect((await writer.do({ list: true })).ids).toEqual(writer.acknowledged.toSorted());
});
