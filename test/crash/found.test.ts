import { setImmediate as giveWay } from "node:timers/promises";
import { expect, test } from "vitest";
import { DiskLog, type DiskEvent } from "./disk/disk-event.js";
import { overridden } from "./disk/overridden-disk.js";
import { PausedDisk } from "./disk/paused-disk.js";
import { Machine, type MachineProcess } from "./machine.js";
import {
  openStateDirectory,
  verifyStateDirectory,
  type OpenStateDirectoryOptions,
  type StateDirectory,
} from "./product.js";
import { DiskHistory, type CrashChoice } from "./states/disk-history.js";
import { notes, packing, smallStore } from "./workloads/collections.js";

/** What the explorer found, each reduced to the steps that it takes. */

const everythingKept: CrashChoice = { isNameKept: () => true, content: (file) => file.newest() };
const onlyWhatIsCertain: CrashChoice = { isNameKept: () => false, content: (file) => file.oldest() };

async function open(
  machine: Machine,
  { environment }: MachineProcess,
  settings: Partial<OpenStateDirectoryOptions> = {},
): Promise<StateDirectory> {
  const { directory } = machine;
  return openStateDirectory({
    directory,
    collections: [notes],
    ...smallStore,
    checkpointBytes: 1_000_000,
    ...settings,
    environment,
  });
}

async function putNotes(state: StateDirectory, ids: readonly string[]): Promise<void> {
  for (const id of ids) await state.collection(notes).put(id, { text: `of ${id}` });
}

/** The state of the disk behind the first event of this kind. */
function historyBehind(events: readonly DiskEvent[], isLast: (event: DiskEvent) => boolean): DiskHistory {
  const history = DiskHistory.of(undefined);
  for (const event of events) {
    history.follow(event);
    if (isLast(event)) return history;
  }
  throw new Error("the recording has no such event");
}

/** Kills the process there, lets another recover and checkpoint, and then takes the power away. */
async function afterKillAndPowerLoss(machine: Machine, history: DiskHistory): Promise<StateDirectory> {
  const next = machine.restart(history.image(everythingKept), {
    recorder: {
      record: (event) => {
        history.follow(event);
      },
    },
  });
  const recovered = await open(machine, next);
  await recovered.checkpoint();
  const left = history.image(onlyWhatIsCertain);
  await recovered.close();
  return open(machine, machine.reboot(left));
}

test("a document whose file a killed owner had named, and not synced, survives the next owner's checkpoint", async () => {
  await using machine = await Machine.make();
  const log = new DiskLog();
  const state = await open(machine, machine.reboot(undefined, { recorder: log }));
  await state.collection(notes).insert("a", { text: "acknowledged" });
  await state.close();

  const history = historyBehind(log.events, (event) => event.kind === "rename" && event.to.name === "a.json");
  await using after = await afterKillAndPowerLoss(machine, history);
  expect((await after.collection(notes).get("a"))?.body).toEqual({ text: "acknowledged" });
  expect(after.recovery).toMatchObject({ damage: [], lostDocuments: [] });
});

test("a document whose file a killed owner had removed, and not synced, does not come back", async () => {
  await using machine = await Machine.make();
  const log = new DiskLog();
  const state = await open(machine, machine.reboot(undefined, { recorder: log }));
  await state.collection(notes).insert("a", { text: "to be deleted" });
  await state.checkpoint();
  await state.collection(notes).delete("a");
  await state.close();

  const history = historyBehind(log.events, (event) => event.kind === "remove" && event.name === "a.json");
  await using after = await afterKillAndPowerLoss(machine, history);
  expect(await after.collection(notes).get("a")).toBeUndefined();
  expect(after.recovery).toMatchObject({ damage: [], lostDocuments: [] });
});

test("a folder that a killed owner had made, and not synced, keeps what the next owner puts into it", async () => {
  await using machine = await Machine.make();
  const log = new DiskLog();
  const state = await open(machine, machine.reboot(undefined, { recorder: log }));
  await state.collection(notes).insert("a", { text: "acknowledged" });
  await state.close();

  const made = (event: DiskEvent): boolean => event.kind === "add" && event.name === "notes";
  await using after = await afterKillAndPowerLoss(machine, historyBehind(log.events, made));
  expect((await after.collection(notes).get("a"))?.body).toEqual({ text: "acknowledged" });
  expect(after.recovery).toMatchObject({ damage: [], lostDocuments: [] });
});

test("segments that were removed together, in whatever order the disk did it, leave no gap in the journal", async () => {
  await using machine = await Machine.make();
  const log = new DiskLog();
  const state = await open(machine, machine.reboot(undefined, { recorder: log }));
  for (let number = 0; number < 3 * 16; number += 1)
    await state.collection(notes).put("a", { text: `${number}`.repeat(500) });
  await state.close();

  const removals = log.events.filter((event) => event.kind === "remove" && event.name.endsWith(".wal"));
  expect(removals.length).toBeGreaterThan(1);
  const last = removals.at(-1);
  const history = historyBehind(log.events, (event) => event === last);
  const onlyTheLast = history.image({
    isNameKept: (_, change) => change === history.pendingNames.at(-1),
    content: (file) => file.oldest(),
  });
  const process = machine.reboot(onlyTheLast);
  const { findings } = await verifyStateDirectory(machine.directory, { fileSystem: process.disk });
  expect(findings).toEqual([]);
});

test("a document that was packed and then deleted does not come back with the file it had before, once its tombstone is gone", async () => {
  await using machine = await Machine.make();
  const log = new DiskLog();
  const state = await open(machine, machine.reboot(undefined, { recorder: log }), packing);
  // Few enough for files of their own, then too many.
  await putNotes(state, ["a", "b"]);
  await state.checkpoint();
  await putNotes(state, ["c", "d"]);
  await state.checkpoint();
  await putNotes(state, ["e", "f", "g", "h"]);
  await state.checkpoint();
  await state.close();

  // The kill comes when the file has been removed, and the removal is not on the disk.
  const history = historyBehind(log.events, (event) => event.kind === "remove" && event.name === "a.json");
  const recorder = {
    record: (event: DiskEvent): void => {
      history.follow(event);
    },
  };
  const next = await open(machine, machine.restart(history.image(everythingKept), { recorder }), packing);
  await next.collection(notes).delete("a");
  await next.checkpoint();
  await next.compact();
  const left = history.image(onlyWhatIsCertain);
  await next.close();

  await using after = await open(machine, machine.reboot(left), packing);
  expect(await after.collection(notes).get("a")).toBeUndefined();
  expect(await after.collection(notes).count()).toBe(7);
  expect(after.recovery).toMatchObject({ damage: [], lostDocuments: [] });
});

/** An owner that is paused as it lists a new pack, and another that takes over from it while it lives. */
async function displaced(machine: Machine): Promise<{
  readonly process: MachineProcess;
  readonly first: StateDirectory;
  readonly second: StateDirectory;
  /** Lets the first one go on with what it was about to do; resolves when that is done. */
  readonly resume: () => Promise<void>;
}> {
  const process = machine.reboot(undefined);
  const paused = new PausedDisk();
  const held = paused.of(process.disk);
  const pausedAt = 3;
  let listings = 0;
  const disk = overridden(held, {
    open: (path, mode) => {
      if (path.includes("checkpoint.json.") && (listings += 1) === pausedAt) paused.pause();
      return held.open(path, mode);
    },
  });
  const first = await open(machine, machine.through(process, disk), { ...packing, mergeFactor: 100 });
  for (const ids of ["abcd", "efgh"]) {
    await putNotes(first, ids.split(""));
    await first.checkpoint();
  }
  await putNotes(first, ["i", "j", "k", "l"]);
  const checkpoint = first.checkpoint().catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== "WRITER_FENCED") throw error;
  });
  while (listings < pausedAt) await giveWay();
  machine.pass(60_000);
  const second = await open(machine, machine.beside(process), { ...packing, takeOver: "paused" });
  return {
    process,
    first,
    second,
    resume: async () => {
      paused.resume();
      await checkpoint;
    },
  };
}

test("the pack that a paused owner was about to list is still there when it does so after it was displaced", async () => {
  await using machine = await Machine.make();
  const { process, first, second, resume } = await displaced(machine);
  await resume();
  const image = process.disk.image();
  await Promise.all([first.close(), second.close()]);

  await using after = await open(machine, machine.restart(image), packing);
  expect(after.recovery).toMatchObject({ damage: [], lostDocuments: [] });
  expect(await after.collection(notes).get("l")).toMatchObject({ body: { text: "of l" } });
});

test("packs are not merged as long as a paused owner may yet put back the list that has them", async () => {
  await using machine = await Machine.make();
  const { process, first, second, resume } = await displaced(machine);
  await second.compact();
  await resume();
  const image = process.disk.image();
  await Promise.all([first.close(), second.close()]);

  await using after = await open(machine, machine.restart(image), packing);
  expect(after.recovery).toMatchObject({ damage: [], lostDocuments: [] });
  expect(await after.collection(notes).get("a")).toMatchObject({ body: { text: "of a" } });
});
