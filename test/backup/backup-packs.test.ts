import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import type { BlobNaming } from "../../src/backup/backup-blobs.js";
import { readBackupList } from "../../src/backup/backup-list.js";
import { backUpStateDirectory } from "../../src/backup/backup.js";
import { restoreStateDirectory } from "../../src/backup/restore.js";
import { blobName } from "../../src/blobs/index.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { openStateDirectory, type StateDirectory } from "../../src/open-state-directory.js";
import { verifyStateDirectory } from "../../src/store/verify.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { flipByteWithin } from "../support/flip-byte.js";
import { allOf, notes } from "../support/notes.js";
import { rejectionOf } from "../support/rejection.js";
import { stateFolder, type StateFolder } from "../support/state-folder.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const settings = { packAtDocuments: 10, looseLimit: 5, mergeFactor: 100, cacheBytes: 0, checkpointIdleMs: 1_000_000 };

async function putAll(state: StateDirectory, from: number, to: number, text: string): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index);
  await Promise.all(
    numbers.map((number) => state.collection(notes).put(`note-${number}`, { text: `${text} ${number}` })),
  );
}

/** Three packs of documents; of what they hold, some is replaced and some deleted, in files and in the journal. */
async function filled(folder: StateFolder): Promise<StateDirectory> {
  const state = await folder.open(settings);
  for (const round of [0, 1, 2]) {
    await putAll(state, round * 200, round * 200 + 250, `round ${round}`);
    await state.checkpoint();
  }
  await putAll(state, 0, 3, "loose");
  await state.checkpoint();
  await putAll(state, 3, 6, "journaled");
  await state.collection(notes).delete("note-1");
  await state.collection(notes).delete("note-300");
  await state.collection(notes).delete("note-649");
  return state;
}

/** Documents that name bytes by their id, wherever the bytes are said to be. */
const naming: BlobNaming = new Map([
  [
    "notes",
    (body) => {
      const { text } = body as { text: string };
      return text.startsWith("bytes ")
        ? { id: text, size: text.length, sha256: createHash("sha256").update(text).digest("hex") }
        : undefined;
    },
  ],
]);

async function putBytes(folder: StateFolder, text: string): Promise<void> {
  const place = folder.at(blobName(text));
  await mkdir(dirname(place), { recursive: true });
  await writeFile(place, text);
}

describe("a backup of packs", () => {
  test("copies them as they are, and what is newer beside them; what is restored is the same, and goes on", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const state = await filled(folder);
    const expected = await allOf(state.collection(notes));
    expect(expected.size).toBe(647);
    const report = await backUpStateDirectory({ directory: folder.directory, to: elsewhere.at("backup") });
    expect(report).toMatchObject({ sequence: state.lastSequence, damage: [] });
    expect(report.documents["notes"]).toBe(647);
    // Three packs and one of deletions, and no file for each document.
    const { files } = await readBackupList(nodeFileSystem, elsewhere.at("backup"));
    expect(files.filter(({ path }) => path.startsWith("collections/notes/packs/"))).toHaveLength(8);
    expect(files.filter(({ path }) => path.startsWith("collections/notes/documents/"))).toHaveLength(5);

    const { recovery, verification } = await restoreStateDirectory({
      from: elsewhere.at("backup"),
      directory: elsewhere.at("restored"),
    });
    const documents = Object.values(report.documents).reduce((sum, count) => sum + count, 0);
    expect(recovery).toMatchObject({ outcome: "clean", documents });
    expect(verification).toMatchObject({ ok: true, findings: [] });
    const restored = await openStateDirectory({
      directory: elsewhere.at("restored"),
      collections: [notes],
      ...settings,
    });
    expect(await allOf(restored.collection(notes))).toEqual(expected);
    expect(await restored.collection(notes).count()).toBe(647);
    // It is packed, merged and backed up on like any other.
    await putAll(restored, 600, 620, "after");
    await restored.compact();
    expect(await filesBelow(elsewhere.at("restored"), /\.pack$/)).toHaveLength(1);
    expect((await allOf(restored.collection(notes))).size).toBe(647);
    await restored.close();
    expect((await verifyStateDirectory(elsewhere.at("restored"))).findings).toEqual([]);
  });

  test("goes on from packs that a merge removes meanwhile", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const state = await filled(folder);
    const expected = await allOf(state.collection(notes));
    let merged: Promise<void> | undefined;
    const report = await backUpStateDirectory({
      directory: folder.directory,
      to: elsewhere.at("backup"),
      environment: {
        fileSystem: {
          ...nodeFileSystem,
          // The backup's first file: its picture has been taken, and nothing of a pack has been copied.
          open: async (path, mode) => {
            if (path.startsWith(elsewhere.at("backup"))) await (merged ??= state.compact());
            return await nodeFileSystem.open(path, mode);
          },
        },
      },
    });
    expect(merged).toBeDefined();
    expect(await filesBelow(folder.directory, /\.pack$/)).toHaveLength(1);
    expect(report.documents["notes"]).toBe(expected.size);
    await restoreStateDirectory({ from: elsewhere.at("backup"), directory: elsewhere.at("restored") });
    await using restored = await openStateDirectory({ directory: elsewhere.at("restored"), collections: [notes] });
    expect(await allOf(restored.collection(notes))).toEqual(expected);
  });

  test("names what packed documents name, unless there is a newer version of them", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    const state = await folder.open(settings);
    const collection = state.collection(notes);
    for (const name of ["kept", "replaced", "deleted"]) {
      await putBytes(folder, `bytes ${name}`);
      await collection.put(name, { text: `bytes ${name}` });
    }
    await putAll(state, 0, 20, "filling");
    await state.checkpoint();
    await collection.put("replaced", { text: "nothing" });
    await collection.delete("deleted");
    const report = await backUpStateDirectory({
      directory: folder.directory,
      to: elsewhere.at("whole"),
      blobNaming: naming,
    });
    expect(report).toMatchObject({ blobs: 3, damage: [] });
    // What is missing of a packed document is told, and of one that was replaced or deleted nothing is missed.
    for (const name of ["kept", "replaced", "deleted"])
      await nodeFileSystem.remove(folder.at(blobName(`bytes ${name}`)));
    const missing = await backUpStateDirectory({
      directory: folder.directory,
      to: elsewhere.at("missing"),
      blobNaming: naming,
    });
    expect(missing.damage.map(({ file }) => file)).toEqual([blobName("bytes kept")]);
  });

  test("is refused if a pack is damaged, and leaves nothing behind", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    await (await filled(folder)).close();
    const [first = ""] = await filesBelow(folder.directory, /\.pack$/);
    await flipByteWithin(first, "round 0 17");
    const error = await rejectionOf(backUpStateDirectory({ directory: folder.directory, to: elsewhere.at("backup") }));
    expect(error).toMatchObject({ code: "CORRUPT", details: { path: first } });
    expect(await filesBelow(elsewhere.path, /./)).toEqual([]);
  });

  test("that is damaged afterwards is not restored", async () => {
    await using folder = await stateFolder();
    await using elsewhere = await temporaryFolder();
    await filled(folder);
    await backUpStateDirectory({ directory: folder.directory, to: elsewhere.at("backup") });
    const [index = ""] = await filesBelow(elsewhere.at("backup"), /\.idx$/);
    await flipByteWithin(index, "HFPACKIX");
    const error = await rejectionOf(
      restoreStateDirectory({ from: elsewhere.at("backup"), directory: elsewhere.at("restored") }),
    );
    expect(error).toMatchObject({
      code: "CORRUPT",
      details: { files: [index.slice(elsewhere.at("backup").length + 1)] },
    });
    expect(await nodeFileSystem.status(elsewhere.at("restored"))).toBeUndefined();
  });
});
