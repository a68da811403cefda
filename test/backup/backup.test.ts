import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { openStateDirectory, type StateDirectory } from "../../src/open-state-directory.js";
import type { BlobNaming } from "../../src/backup/backup-blobs.js";
import { blobName } from "../../src/blobs/index.js";
import { readBackupList } from "../../src/backup/backup-list.js";
import { backUpStateDirectory } from "../../src/backup/backup.js";
import { restoreStateDirectory } from "../../src/backup/restore.js";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { FaultyFileSystem, type DiskOperation } from "../faults/faulty-file-system.js";
import { filesBelow, fingerprint } from "../support/directory-fingerprint.js";
import { flipByteWithin } from "../support/flip-byte.js";
import { allOf, notes } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";
import { temporaryFolder } from "../support/temporary-folder.js";

async function filled(folder: StateFolder, count = 20): Promise<StateDirectory> {
  const state = await folder.open();
  for (let number = 1; number <= count; number += 1) {
    await state.collection(notes).put(`Note ${number}`, { text: `the text of ${number}`, tag: "a" });
  }
  await state.checkpoint();
  await state.collection(notes).put("Note 2", { text: "a second version" });
  await state.collection(notes).delete("Note 3");
  await state.collection(notes).put("expiring", { text: "x" }, { expiresAt: "2100-01-01T00:00:00.000Z" });
  return state;
}

/** The one document of files in these tests: its body names bytes. */
const naming: BlobNaming = new Map([
  [
    "notes",
    (body) => {
      const { blob, size, sha256 } = body as { blob?: string; size?: number; sha256?: string };
      return blob === undefined ? undefined : { id: blob, size: size ?? 0, sha256 };
    },
  ],
]);

async function putWithBlob(folder: StateFolder, state: StateDirectory, id: string, text: string): Promise<void> {
  const place = folder.at(blobName(id));
  await mkdir(dirname(place), { recursive: true });
  await writeFile(place, text);
  const sha256 = createHash("sha256").update(text).digest("hex");
  const body = { text: "has bytes", blob: id, size: Buffer.byteLength(text), sha256 };
  await state.collection(notes).put(id, body);
}

describe("a backup", () => {
  test("is a state directory with every document as it was, envelope and all", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const state = await filled(folder);
    const before = await fingerprint(folder.directory);
    const report = await backUpStateDirectory({ directory: folder.directory, to: elsewhere.at("backup") });
    expect(await fingerprint(folder.directory)).toEqual(before);
    expect(report).toMatchObject({ sequence: state.lastSequence, storeId: state.storeId, damage: [] });
    expect(report.documents["notes"]).toBe(20);

    // The owner's own checkpoint writes the same bytes into the same places.
    await state.checkpoint();
    const owned = Object.entries(await fingerprint(folder.at("collections")));
    const copied = Object.entries(await fingerprint(elsewhere.at("backup", "collections")));
    const isFile = ([path]: [string, string]): boolean => path.endsWith(".json");
    expect(copied.filter(isFile)).toEqual(owned.filter(isFile));
    expect(await verifyStateDirectory(elsewhere.at("backup"))).toMatchObject({ ok: true, findings: [] });
    const files = await filesBelow(elsewhere.at("backup"), /./);
    const list = await readBackupList(nodeFileSystem, elsewhere.at("backup"));
    expect(files.map((path) => path.slice(elsewhere.at("backup").length + 1)).sort()).toEqual(
      [...list.files.map(({ path }) => path), "backup.json"].sort(),
    );

    // As a reader, without a write; and as an owner, whose epochs go on.
    await using reader = await openStateDirectory({ directory: elsewhere.at("backup"), mode: "reader" });
    expect(reader.lastSequence).toBe(report.sequence);
    const copy = await folder.open({ directory: elsewhere.at("backup") });
    expect(copy.recovery).toMatchObject({ outcome: "clean", takeover: { how: "released" } });
    expect(copy.epoch).toBe(state.epoch + 1);
    expect(await allOf(copy.collection(notes))).toEqual(await allOf(state.collection(notes)));
    expect(await copy.collection(notes).get("expiring")).toEqual(await state.collection(notes).get("expiring"));
    await copy.close();
  });

  test("of an empty store is one too", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    await (await folder.open()).close();
    await backUpStateDirectory({ directory: folder.directory, to: elsewhere.at("backup") });
    const { recovery } = await restoreStateDirectory({
      from: elsewhere.at("backup"),
      directory: elsewhere.at("again"),
    });
    expect(recovery.outcome).toBe("clean");
  });

  test("goes into a new or empty folder, outside of the state directory", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    await filled(folder, 1);
    await mkdir(elsewhere.at("taken"));
    await writeFile(elsewhere.at("taken", "mine"), "mine");
    const { directory } = folder;
    for (const to of [elsewhere.at("taken"), elsewhere.at("taken", "mine"), folder.at("backup"), directory]) {
      expect(await rejectionOf(backUpStateDirectory({ directory, to }))).toMatchObject({ code: "INVALID_CONFIG" });
    }
    expect(await readdir(elsewhere.at("taken"))).toEqual(["mine"]);
    expect(await readdir(directory)).not.toContain("backup");
    const nothing = backUpStateDirectory({ directory: elsewhere.at("nothing"), to: elsewhere.at("backup") });
    expect(await rejectionOf(nothing)).toMatchObject({ code: "INVALID_CONFIG" });
  });

  test("leaves nothing behind on a full disk, and says so", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    await filled(folder);
    const disk = new FaultyFileSystem();
    disk.spaceLeft = 1_500;
    const attempt = backUpStateDirectory({
      directory: folder.directory,
      to: elsewhere.at("backup"),
      environment: { fileSystem: disk },
    });
    expect(await rejectionOf(attempt)).toMatchObject({ code: "STORAGE_FULL" });
    expect(await readdir(elsewhere.at("backup"))).toEqual([]);
  });

  const operations: DiskOperation[] = ["create", "write", "sync", "makeDirectory", "syncDirectory", "rename"];
  test.each(operations)("that fails at any %s is none, and leaves nothing", async (on) => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const state = await filled(folder, 4);
    await putWithBlob(folder, state, "file-1", "some bytes");
    let failures = 0;
    for (let nth = 1; ; nth += 1) {
      const disk = new FaultyFileSystem();
      const to = elsewhere.at(`backup-${nth}`);
      disk.set({ on, path: /backup-/, nth, times: 1, fails: "EIO" });
      const attempt = backUpStateDirectory({ directory: folder.directory, to, environment: { fileSystem: disk } });
      const outcome = await attempt.then(
        () => undefined,
        (error: unknown) => error,
      );
      if (outcome === undefined) break;
      failures += 1;
      expect(outcome).toMatchObject({ code: "STORAGE_FAILED" });
      // The last name may be there, and not be durable: then the backup is whole, and whoever took it was told otherwise.
      const left = await readdir(to).catch((): string[] => []);
      if (on === "syncDirectory" && left.includes("backup.json")) continue;
      expect(left).toEqual([]);
    }
    expect(failures).toBeGreaterThan(0);
  });

  test("cut short by a crash at any file is no backup", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const expected = await allOf((await filled(folder, 3)).collection(notes));
    let wholeOnes = 0;
    const whole = new FaultyFileSystem();
    await backUpStateDirectory({
      directory: folder.directory,
      to: elsewhere.at("whole"),
      environment: { fileSystem: whole },
    });
    const creations = whole.count("create");
    for (let nth = 1; nth <= creations; nth += 1) {
      const disk = new FaultyFileSystem();
      const copy = elsewhere.at(`crash-${nth}`);
      // What is on the disk when the process dies there.
      disk.set({ on: "create", nth, times: 1, before: () => cp(elsewhere.at(`to-${nth}`), copy, { recursive: true }) });
      await backUpStateDirectory({
        directory: folder.directory,
        to: elsewhere.at(`to-${nth}`),
        environment: { fileSystem: disk },
      });
      const restored = restoreStateDirectory({ from: copy, directory: elsewhere.at(`restored-${nth}`) });
      expect((await rejectionOf(restored)).message).toMatch(/not a complete backup/);
      if (nth === 1) continue;
      // No state directory, or a whole one.
      const copied = openStateDirectory({ directory: copy, create: false, collections: [notes] });
      const opened = await copied.catch((error: unknown) => {
        expect(error).toMatchObject({ code: "INVALID_CONFIG" });
      });
      if (opened === undefined) continue;
      wholeOnes += 1;
      expect(opened.recovery).toMatchObject({ lostDocuments: [], lostSequences: [] });
      expect(await allOf(opened.collection(notes))).toEqual(expected);
      await opened.close();
    }
    expect(wholeOnes).toBeLessThan(creations / 2);
  });

  test("has the bytes that its documents name, and tells of those that are damaged", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const state = await filled(folder, 1);
    for (const id of ["file-good", "file-short", "file-other", "file-gone"])
      await putWithBlob(folder, state, id, `bytes of ${id}`);
    await writeFile(folder.at(blobName("file-short")), "bytes");
    await writeFile(folder.at(blobName("file-other")), "bytes of file-othER");
    await rm(folder.at(blobName("file-gone")));
    const { directory } = folder;
    const report = await backUpStateDirectory({ directory, to: elsewhere.at("backup"), blobNaming: naming });
    expect(report.damage.map(({ file }) => file).sort()).toEqual(
      ["file-gone", "file-other", "file-short"].map(blobName).sort(),
    );
    expect(await readFile(elsewhere.at("backup", blobName("file-good")), "utf8")).toBe("bytes of file-good");
    expect(report.blobs).toBe(3);
  });

  test("of bytes that are removed while they are copied is one of a later moment", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const state = await filled(folder, 1);
    for (const id of ["file-1", "file-2", "file-3"]) await putWithBlob(folder, state, id, `bytes of ${id}`);
    const disk = new FaultyFileSystem();
    let removed = false;
    disk.set({
      on: "open",
      path: /blobs.*file-2/,
      times: 1,
      // In the order of the owner: the document first, then the bytes.
      before: async () => {
        removed = true;
        await state.collection(notes).delete("file-2");
        await rm(folder.at(blobName("file-2")));
      },
    });
    // Stored when the others had been copied, and the picture has it.
    disk.set({
      on: "readDirectory",
      path: /journal$/,
      nth: 3,
      times: 1,
      before: () => putWithBlob(folder, state, "file-4", "bytes of file-4"),
    });
    const report = await backUpStateDirectory({
      directory: folder.directory,
      to: elsewhere.at("backup"),
      blobNaming: naming,
      environment: { fileSystem: disk },
    });
    expect(removed).toBe(true);
    expect(report.damage).toEqual([]);
    const blobs = (await filesBelow(elsewhere.at("backup", "blobs"), /./)).map((path) => path.split("/").at(-1));
    await using copy = await openStateDirectory({
      directory: elsewhere.at("backup"),
      mode: "reader",
      collections: [notes],
    });
    const named = [...(await allOf(copy.collection(notes))).keys()].filter((id) => id.startsWith("file-"));
    expect(blobs.sort()).toEqual(named.sort());
    expect(named).not.toContain("file-2");
  });

  test("of a damaged directory has the rest, and names what is missing", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    await (await filled(folder)).close();
    const [victim = ""] = await filesBelow(folder.at("collections", "notes"), /7\.json$/);
    await flipByteWithin(victim, "the text of");
    // What is kept of the journal would heal it.
    const report = await backUpStateDirectory({ directory: folder.directory, to: elsewhere.at("healed") });
    expect(report.damage).toEqual([]);
    await rm(folder.at("journal"), { recursive: true });
    await mkdir(folder.at("journal"));
    const second = await backUpStateDirectory({ directory: folder.directory, to: elsewhere.at("backup") });
    expect(second.damage.map(({ file }) => file)).toEqual([victim.slice(folder.directory.length + 1), "journal"]);
    expect(second.documents["notes"]).toBe(19);
  });
});

describe("a restore", () => {
  test("refuses a damaged backup, naming every bad file, and makes nothing", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    await filled(folder);
    const from = elsewhere.at("backup");
    await backUpStateDirectory({ directory: folder.directory, to: from });
    const documents = await filesBelow(join(from, "collections", "notes"), /\.json$/);
    const [first = "", second = "", third = ""] = documents;
    await flipByteWithin(first, '"body"');
    await rm(second);
    await writeFile(third, "short");
    const error = await rejectionOf(restoreStateDirectory({ from, directory: elsewhere.at("restored") }));
    expect(error.code).toBe("CORRUPT");
    expect(error.details["files"]).toEqual([first, second, third].map((path) => path.slice(from.length + 1)).sort());
    expect(error.problems).toHaveLength(3);
    expect(await readdir(elsewhere.path)).toEqual(["backup"]);
  });

  test("refuses a folder whose list is damaged, missing, or leads elsewhere", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    await filled(folder, 2);
    const from = elsewhere.at("backup");
    const directory = elsewhere.at("restored");
    await backUpStateDirectory({ directory: folder.directory, to: from });
    await flipByteWithin(join(from, "backup.json"), "holdfast-backup");
    expect(await rejectionOf(restoreStateDirectory({ from, directory }))).toMatchObject({ code: "CORRUPT" });
    await rm(join(from, "backup.json"));
    expect(await rejectionOf(restoreStateDirectory({ from, directory }))).toMatchObject({ code: "CORRUPT" });
    const none = restoreStateDirectory({ from: elsewhere.at("none"), directory });
    expect(await rejectionOf(none)).toMatchObject({ code: "INVALID_CONFIG" });
    expect(await readdir(elsewhere.path)).toEqual(["backup"]);
  });

  test("goes only into an empty place", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    await (await filled(folder, 2)).close();
    const from = elsewhere.at("backup");
    await backUpStateDirectory({ directory: folder.directory, to: from });
    const before = await fingerprint(folder.directory);
    const restored = restoreStateDirectory({ from, directory: folder.directory });
    expect(await rejectionOf(restored)).toMatchObject({ code: "INVALID_CONFIG" });
    expect(await fingerprint(folder.directory)).toEqual(before);
  });

  test("that fails or is cut short leaves nothing that could be opened", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const state = await filled(folder, 3);
    const expected = await allOf(state.collection(notes));
    await state.close();
    let wholeOnes = 0;
    const from = elsewhere.at("backup");
    await backUpStateDirectory({ directory: folder.directory, to: from });
    const { files } = await readBackupList(nodeFileSystem, from);
    for (let nth = 1; nth <= files.length; nth += 1) {
      const disk = new FaultyFileSystem();
      const directory = elsewhere.at(`restored-${nth}`);
      const crashed = elsewhere.at(`crashed-${nth}`);
      disk.set({
        on: "create",
        path: /restored-/,
        nth,
        times: 1,
        fails: "ENOSPC",
        before: () => cp(directory, crashed, { recursive: true }),
      });
      const restored = restoreStateDirectory({ from, directory, environment: { fileSystem: disk } });
      expect(await rejectionOf(restored)).toMatchObject({ code: "STORAGE_FULL" });
      expect(await readdir(directory)).toEqual([]);
      const copied = openStateDirectory({ directory: crashed, create: false, collections: [notes] });
      const opened = await copied.catch((failure: unknown) => {
        expect(failure).toMatchObject({ code: "INVALID_CONFIG" });
      });
      if (opened !== undefined) {
        wholeOnes += 1;
        expect(await allOf(opened.collection(notes))).toEqual(expected);
        await opened.close();
      }
      // And the same call goes through when there is space.
      await restoreStateDirectory({ from, directory });
    }
    expect(wholeOnes).toBeLessThan(files.length / 2);
  });
});
