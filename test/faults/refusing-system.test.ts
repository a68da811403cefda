import { describe, expect, test } from "vitest";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { bytesOf } from "../blobs/blobs-under-test.js";
import { allOf, notes, type Note } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder } from "../support/state-folder.js";
import { FaultyFileSystem, type DiskOperation } from "./faulty-file-system.js";

/** What the system may refuse from one moment to the next, and what is said of it. */
const refusals: readonly [string, readonly string[], string][] = [
  ["too many open files", ["EMFILE", "ENFILE"], "STORAGE_FAILED"],
  ["a file system that was remounted read-only", ["EROFS"], "READ_ONLY"],
  ["a permission that was taken away", ["EACCES", "EPERM"], "INVALID_CONFIG"],
];
/** Descriptors are needed to open; the rest is what also fails where nothing may be written any more. */
const opening: readonly DiskOperation[] = ["create", "open", "readFile", "readDirectory", "syncDirectory"];
const writing: readonly DiskOperation[] = ["create", "rename", "link", "makeDirectory", "remove", "touch"];

function operationsOf(code: string): readonly DiskOperation[] {
  return code === "EMFILE" || code === "ENFILE" ? opening : writing;
}

const cases = refusals.flatMap(([what, codes, answer]) => codes.map((code) => [what, code, answer] as const));

describe.each(cases)("%s (%s)", (_what, code, answer) => {
  function refuse(disk: FaultyFileSystem, path: RegExp): () => void {
    const lifts = operationsOf(code).map((on) => disk.set({ on, path, fails: code }));
    return () => {
      for (const lift of lifts) lift();
    };
  }

  test("keeps a directory from being opened, and nothing is lost or set aside by the attempt", async () => {
    await using folder = await stateFolder();
    const state = await folder.open();
    await state.collection(notes).insert("a", { text: "a" });
    await state.checkpoint();
    await state.collection(notes).insert("b", { text: "b" });
    const directory = await folder.crash();
    // Behind `status/` the claim has been made already: the same process must get the directory all the same.
    for (const path of [/./, /journal/, /epochs/, /status/]) {
      const disk = new FaultyFileSystem();
      refuse(disk, path);
      expect((await rejectionOf(folder.open({ directory, environment: { fileSystem: disk } }))).code).toBe(answer);
    }
    const again = await folder.open({ directory });
    expect(again.recovery).toMatchObject({ damage: [], lostDocuments: [], lostSequences: [] });
    expect([...(await allOf(again.collection(notes))).keys()]).toEqual(["a", "b"]);
  });

  test("at the next segment of the journal ends writing until the directory is opened anew, and reading goes on", async () => {
    await using folder = await stateFolder();
    const disk = new FaultyFileSystem();
    const state = await folder.open({
      environment: { fileSystem: disk },
      firstSegmentBytes: 16 * 1024,
      segmentBytes: 16 * 1024,
    });
    const lift = refuse(disk, /journal/);
    // Whatever the system's reason: what was on its way is in doubt, and that is one case to whoever waited for it.
    const failed = { code: "STORAGE_FAILED", details: { systemCode: code } };
    const acknowledged = new Map<string, Note>();
    const inDoubt = new Map<string, Note>();
    for (let number = 0; state.condition.state === "open"; number += 1) {
      const body = { text: "x".repeat(3_000) };
      try {
        await state.collection(notes).insert(`n${number}`, body);
        acknowledged.set(`n${number}`, body);
      } catch (error) {
        expect(error).toMatchObject(failed);
        inDoubt.set(`n${number}`, body);
      }
    }
    expect(state.condition).toMatchObject({ state: "failed", error: failed });
    lift();
    const later = await rejectionOf(state.collection(notes).insert("later", { text: "later" }));
    expect(later).toMatchObject(failed);
    expect(await allOf(state.collection(notes))).toEqual(acknowledged);
    await state.close();
    const again = await folder.open();
    expect(again.recovery).toMatchObject({ damage: [], lostDocuments: [], lostSequences: [] });
    for (const [id, body] of await allOf(again.collection(notes)))
      expect(body).toEqual(acknowledged.get(id) ?? inDoubt.get(id));
    for (const id of acknowledged.keys()) expect(await again.collection(notes).get(id)).toBeDefined();
  });

  test.each([[/collections\//], [/checkpoint\.json/]])(
    "at a checkpoint (%s) loses nothing; writers go on, and the next one is whole",
    async (path) => {
      await using folder = await stateFolder();
      const disk = new FaultyFileSystem();
      const state = await folder.open({ environment: { fileSystem: disk } });
      await state.collection(notes).insert("a", { text: "a" });
      const lift = refuse(disk, path);
      expect((await rejectionOf(state.checkpoint())).code).toBe(answer);
      await state.collection(notes).insert("b", { text: "b" });
      lift();
      await state.checkpoint();
      await state.close();
      expect(await verifyStateDirectory(folder.directory)).toMatchObject({ ok: true });
      expect([...(await allOf((await folder.open()).collection(notes))).keys()]).toEqual(["a", "b"]);
    },
  );

  test("at an upload leaves no file, and the next one is whole", async () => {
    await using folder = await stateFolder();
    const disk = new FaultyFileSystem();
    const state = await folder.open({ environment: { fileSystem: disk } });
    const details = { filename: "a.txt", purpose: "assistants" } as const;
    const lift = refuse(disk, /blobs/);
    expect((await rejectionOf(state.files.upload(Buffer.from("a"), details))).code).toBe(answer);
    expect(state.condition.state).toBe("open");
    expect((await state.files.list()).files).toEqual([]);
    lift();
    const { id } = await state.files.upload(Buffer.from("b"), details);
    expect(String(await bytesOf((await state.files.content(id))?.bytes))).toBe("b");
    expect(await state.files.verify()).toMatchObject({ findings: [] });
  });
});

// A full disk is met before anything is promised; a disk that is full in the middle of a write after all has failed.
test.each(["EROFS", "EACCES", "EPERM", "ENOSPC", "EDQUOT"])(
  "a write of the journal that is refused (%s) leaves open what it wrote, and ends writing until the directory is opened anew",
  async (code) => {
    await using folder = await stateFolder();
    const disk = new FaultyFileSystem();
    const state = await folder.open({ environment: { fileSystem: disk } });
    const collection = state.collection(notes);
    await collection.insert("a", { text: "a" });
    const lift = disk.set({ on: "write", path: /journal/, fails: code });
    const failed = { code: "STORAGE_FAILED", details: { systemCode: code } };
    const refused = await Promise.all(
      ["b", "c"]
        .map((id) => rejectionOf(collection.insert(id, { text: id })))
        .concat(rejectionOf(collection.delete("a"))),
    );
    for (const error of refused) expect(error).toMatchObject(failed);
    expect(state.condition).toMatchObject({ state: "failed", error: { ...failed, cause: { code } } });
    expect(state.condition.error?.message).not.toMatch(/resumes/);
    lift();
    expect(await rejectionOf(collection.insert("d", { text: "d" }))).toMatchObject(failed);
    expect([...(await allOf(collection)).keys()]).toEqual(["a"]);
    await state.close();
    const again = await folder.open();
    expect([...(await allOf(again.collection(notes))).keys()]).toEqual(["a"]);
    await again.collection(notes).insert("d", { text: "d" });
  },
);

test.each(["EMFILE", "ENFILE"])("a document that can not be opened (%s) is an outage, not an absence", async (code) => {
  await using folder = await stateFolder();
  const disk = new FaultyFileSystem();
  const state = await folder.open({ environment: { fileSystem: disk }, cacheBytes: 0 });
  await state.collection(notes).insert("a", { text: "a" });
  await state.checkpoint();
  const lift = disk.set({ on: "readFile", path: /collections/, fails: code });
  expect((await rejectionOf(state.collection(notes).get("a"))).code).toBe("STORAGE_FAILED");
  lift();
  expect((await state.collection(notes).get("a"))?.body.text).toBe("a");
});
