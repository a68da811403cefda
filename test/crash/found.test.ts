import { expect, test } from "vitest";
import { DiskLog, type DiskEvent } from "./disk/disk-event.js";
import { Machine, type MachineProcess } from "./machine.js";
import { openStateDirectory, verifyStateDirectory, type StateDirectory } from "./product.js";
import { DiskHistory, type CrashChoice } from "./states/disk-history.js";
import { notes, smallStore } from "./workloads/collections.js";

/** What the explorer found, each reduced to the steps that it takes. */

const everythingKept: CrashChoice = { isNameKept: () => true, content: (file) => file.newest() };
const onlyWhatIsCertain: CrashChoice = { isNameKept: () => false, content: (file) => file.oldest() };

async function open(machine: Machine, { environment }: MachineProcess): Promise<StateDirectory> {
  const { directory } = machine;
  return openStateDirectory({
    directory,
    collections: [notes],
    ...smallStore,
    checkpointBytes: 1_000_000,
    environment,
  });
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
