import { describe, expect, test } from "vitest";
import type { StateDirectory } from "../../src/open-state-directory.js";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { FaultyFileSystem, type DiskFault } from "../faults/faulty-file-system.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { eventually } from "../support/eventually.js";
import { allOf, notes, type Note } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";

interface Store {
  readonly disk: FaultyFileSystem;
  readonly state: StateDirectory;
  readonly expected: Map<string, Note>;
  readonly write: (id: string, text: string) => Promise<void>;
}

/** A store with some documents in files and some in the journal. */
async function storeOn(folder: StateFolder): Promise<Store> {
  const disk = new FaultyFileSystem();
  const state = await folder.open({
    environment: { fileSystem: disk },
    firstSegmentBytes: 16 * 1024,
    segmentBytes: 16 * 1024,
  });
  const expected = new Map<string, Note>();
  const write = async (id: string, text: string): Promise<void> => {
    await state.collection(notes).put(id, { text });
    expected.set(id, { text });
  };
  for (let number = 0; number < 5; number += 1) await write(`filed_${number}`, "one");
  await state.checkpoint();
  for (let number = 0; number < 5; number += 1) await write(`journaled_${number}`, "one");
  return { disk, state, expected, write };
}

/** What a fresh process finds: everything acknowledged, and of what was in doubt, each whole or not at all. */
async function expectAfterReopening(
  folder: StateFolder,
  directory: string,
  expected: ReadonlyMap<string, Note>,
  inDoubt: ReadonlyMap<string, Note>,
): Promise<void> {
  const again = await folder.open({ directory });
  expect(again.recovery).toMatchObject({ lostDocuments: [], lostSequences: [], damage: [] });
  const found = await allOf(again.collection(notes));
  for (const [id, body] of expected) if (!inDoubt.has(id)) expect(found.get(id)).toEqual(body);
  for (const [id, body] of found) if (!expected.has(id)) expect(inDoubt.get(id)).toEqual(body);
  for (const [id, body] of inDoubt)
    expect([JSON.stringify(body), JSON.stringify(expected.get(id))]).toContain(JSON.stringify(found.get(id)));
  await again.collection(notes).put("after", { text: "writing goes on" });
  await again.close();
  expect(await verifyStateDirectory(directory)).toMatchObject({ ok: true });
}

const journalFaults: readonly [string, DiskFault][] = [
  ["a write that fails", { on: "write", path: /journal\//, fails: "EIO" }],
  ["a write that is cut short and then fails", { on: "write", path: /journal\//, writesOnly: 0 }],
  ["a disk that went away", { on: "write", path: /journal\//, fails: "ENXIO" }],
];

describe.each(journalFaults)("%s to the journal", (_what, fault) => {
  test("fails everything in flight, and the store is read-only until it is opened anew", async () => {
    await using folder = await stateFolder();
    const { disk, state, expected } = await storeOn(folder);
    const lift = disk.set(fault);
    const inDoubt = new Map<string, Note>([
      ["filed_0", { text: "two" }],
      ["new_1", { text: "new" }],
      ["new_2", { text: "new" }],
    ]);
    const collection = state.collection(notes);
    const writing = [...inDoubt].map(([id, body]) => collection.put(id, body));
    const queued = collection.update("new_1", (body) => ({ ...body, text: "on top of it" }));
    const failed = { code: "STORAGE_FAILED" };
    for (const write of [...writing, queued]) await expect(write).rejects.toMatchObject(failed);
    expect(state.condition).toMatchObject({ state: "failed", error: failed });

    // The disk works again, and is not trusted: what it holds is not known.
    lift();
    const writes = disk.count("write");
    await expect(collection.put("new_3", { text: "x" })).rejects.toMatchObject(failed);
    await expect(collection.delete("filed_1")).rejects.toMatchObject(failed);
    await expect(state.transaction((tx) => tx.collection(notes).put("new_3", { text: "x" }))).rejects.toMatchObject(
      failed,
    );
    await expect(state.checkpoint()).rejects.toMatchObject(failed);
    // The status is written, and nothing else.
    await eventually("the status says so", () => state.startup.current.phase === "error");
    expect(disk.count("write") - writes).toBeLessThan(4);

    // Reads see what was acknowledged, and nothing of what was not.
    expect(await allOf(collection)).toEqual(expected);
    expect((await collection.get("filed_0"))?.body.text).toBe("one");

    const crashed = await folder.crash();
    await state.close();
    await expectAfterReopening(folder, crashed, expected, new Map([...inDoubt, ["new_1", { text: "on top of it" }]]));
    await expectAfterReopening(
      folder,
      folder.directory,
      expected,
      new Map([...inDoubt, ["new_1", { text: "on top of it" }]]),
    );
  });
});

test("a short write that goes on is none", async () => {
  await using folder = await stateFolder();
  const { disk, state, expected, write } = await storeOn(folder);
  disk.set({ on: "write", writesOnly: 11 });
  for (let number = 0; number < 3; number += 1) await write(`short_${number}`, "x".repeat(200));
  await state.checkpoint();
  const crashed = await folder.crash();
  await state.close();
  await expectAfterReopening(folder, crashed, expected, new Map());
});

test("a sync that fails while the next segment is prepared fails the store, and loses nothing", async () => {
  await using folder = await stateFolder();
  const { disk, state, expected, write } = await storeOn(folder);
  disk.set({ on: "sync", path: /next\./, fails: "EIO" });
  const inDoubt = new Map<string, Note>();
  for (let number = 0; state.condition.state === "open"; number += 1) {
    const body = { text: "x".repeat(3_000) };
    inDoubt.set(`more_${number}`, body);
    await write(`more_${number}`, body.text).then(
      () => inDoubt.delete(`more_${number}`),
      (error: unknown) => {
        expect(error).toMatchObject({ code: "STORAGE_FAILED" });
      },
    );
  }
  expect(state.condition).toMatchObject({ state: "failed" });
  expect(await allOf(state.collection(notes))).toEqual(expected);
  const crashed = await folder.crash();
  await state.close();
  await expectAfterReopening(folder, crashed, expected, inDoubt);
});

const checkpointFaults: readonly [string, DiskFault][] = [
  ["write of a document", { on: "write", path: /collections\// }],
  ["sync of a document", { on: "sync", path: /collections\// }],
  ["rename of a document", { on: "rename", path: /collections\// }],
  ["second document's creation", { on: "create", path: /collections\//, nth: 2 }],
  ["removal of a document", { on: "remove", path: /collections\/.*filed_1\.json$/ }],
  ["sync of a folder", { on: "syncDirectory", path: /collections\/notes\/documents\/..$/ }],
  ["write of checkpoint.json", { on: "write", path: /checkpoint\.json/ }],
  ["sync of checkpoint.json", { on: "sync", path: /checkpoint\.json/ }],
  ["rename of checkpoint.json", { on: "rename", path: /checkpoint\.json$/ }],
];

describe.each(checkpointFaults)("a checkpoint whose %s fails", (_what, fault) => {
  test("loses nothing, lets writers go on, and is done anew", async () => {
    await using folder = await stateFolder();
    const { disk, state, expected, write } = await storeOn(folder);
    const before = state.metrics.checkpointSequence;
    await write("filed_0", "two");
    await state.collection(notes).delete("filed_1");
    expected.delete("filed_1");
    const lift = disk.set({ ...fault, fails: "EIO" });
    expect((await rejectionOf(state.checkpoint())).code).toBe("STORAGE_FAILED");
    expect(state.metrics.checkpointSequence).toBe(before);
    expect(state.condition.state).toBe("open");
    const crashed = await folder.crash();
    await expectAfterReopening(folder, crashed, expected, new Map());

    // A newer version, written after the failure, is the one that the next attempt moves.
    await write("journaled_1", "two");
    await write("filed_0", "three");
    expect(await allOf(state.collection(notes))).toEqual(expected);
    lift();
    await state.checkpoint();
    expect(state.metrics.checkpointSequence).toBe(state.lastSequence);
    expect(await allOf(state.collection(notes))).toEqual(expected);
    expect(await filesBelow(folder.directory, /collections.*\.tmp$/)).toEqual([]);
    await state.close();
    const again = await folder.open();
    expect(again.recovery).toMatchObject({ outcome: "clean", journal: { replayed: 0 } });
    expect(await allOf(again.collection(notes))).toEqual(expected);
  });
});

test("a document that can not be read is an outage, not an absence", async () => {
  await using folder = await stateFolder();
  const { state } = await storeOn(folder);
  await state.close();
  const disk = new FaultyFileSystem();
  const again = await folder.open({ environment: { fileSystem: disk }, cacheBytes: 0 });
  const lift = disk.set({ on: "readFile", path: /filed_2\.json$/, fails: "EIO" });
  expect((await rejectionOf(again.collection(notes).get("filed_2"))).code).toBe("STORAGE_FAILED");
  expect((await rejectionOf(again.collection(notes).list())).code).toBe("STORAGE_FAILED");
  lift();
  expect((await again.collection(notes).get("filed_2"))?.body.text).toBe("one");
});

test("a directory that can not be read is not opened, and not repaired", async () => {
  await using folder = await stateFolder();
  const { state, expected } = await storeOn(folder);
  await state.close();
  for (const [on, path] of [
    ["readFile", /filed_2\.json$/],
    ["read", /\.wal$/],
    ["readDirectory", /collections/],
  ] as const) {
    const disk = new FaultyFileSystem();
    disk.set({ on, path, fails: "EIO" });
    expect((await rejectionOf(folder.open({ environment: { fileSystem: disk } }))).code).toBe("STORAGE_FAILED");
  }
  expect(await filesBelow(folder.at("quarantine"), /./)).toEqual([]);
  const again = await folder.open();
  expect(await allOf(again.collection(notes))).toEqual(expected);
});
