import { mkdir, readdir, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { safeName, shardOf } from "../../src/files/safe-name.js";
import { Files } from "../../src/surfaces/files/index.js";
import { pieces } from "../blobs/blobs-under-test.js";
import { FaultyFileSystem, type DiskOperation } from "../faults/faulty-file-system.js";
import { crashCopy } from "../support/crash-copy.js";
import { rejectionOf } from "../support/rejection.js";
import { temporaryFolder, type TemporaryFolder } from "../support/temporary-folder.js";
import {
  blobNames,
  filesUnderTest,
  inconsistencies,
  openFiles,
  textOf,
  type OpenFiles,
  type OpenFilesOptions,
} from "./files-under-test.js";
import { diesAfter, onFullDisk } from "./store-under-test.js";

const details = { filename: "notes.txt", purpose: "assistants" } as const;
const never = new AbortController().signal;
const changing: readonly DiskOperation[] = [
  "create",
  "write",
  "sync",
  "makeDirectory",
  "link",
  "rename",
  "remove",
  "syncDirectory",
];

/** Does something, and copies the directory as a crash would leave it, before each change of the disk and at the end. */
async function crashesDuring(
  directory: string,
  disk: FaultyFileSystem,
  folder: TemporaryFolder,
  work: () => Promise<unknown>,
): Promise<string[]> {
  const copies: string[] = [];
  const copy = async (): Promise<void> => {
    const to = folder.at(`crash-${copies.length}`);
    copies.push(to);
    await crashCopy(directory, to);
  };
  const lifts = changing.map((on) => disk.set({ on, before: copy }));
  await work();
  for (const lift of lifts) lift();
  await copy();
  return copies;
}

/** Opens what a crash left, and once more: the second time there must be nothing left to do. */
async function afterCrash(
  copy: string,
  look: (opened: OpenFiles) => Promise<void>,
  options: OpenFilesOptions = {},
): Promise<void> {
  const opened = await openFiles(copy, options);
  try {
    expect(await inconsistencies(opened)).toEqual([]);
    await look(opened);
  } finally {
    await opened.close();
  }
  const again = await openFiles(copy, options);
  try {
    expect(again.reconciled).toEqual([]);
  } finally {
    await again.close();
  }
}

async function quarantined(directory: string): Promise<string[]> {
  return (await readdir(join(directory, "quarantine"), { recursive: true })).filter((name) =>
    /file-[0-9a-f]+$/.test(name),
  );
}

describe("S5: a crash", () => {
  test("at any step of an upload leaves the file whole or not at all", async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    await using under = await filesUnderTest({ fileSystem: disk });
    const { id: kept } = await under.now.files.upload(pieces("kept"), details);
    let acknowledged: string | undefined;
    const copies = await crashesDuring(under.directory, disk, folder, async () => {
      acknowledged = (await under.now.files.upload(pieces("first ", "second"), details)).id;
    });
    // Staged, two pieces, synced, a folder, named, unstaged, synced, and the record's commit.
    expect(copies.length).toBeGreaterThan(8);
    const outcomes = new Set<string>();
    for (const [number, copy] of copies.entries()) {
      await afterCrash(copy, async ({ files, reconciled }) => {
        expect(await textOf(files, kept)).toBe("kept");
        const { files: found } = await files.list();
        const uploaded = found.find(({ id }) => id !== kept);
        if (uploaded !== undefined) expect(await textOf(files, uploaded.id)).toBe("first second");
        if (number === copies.length - 1) expect(uploaded?.id).toBe(acknowledged);
        const orphans = await quarantined(copy);
        if (orphans.length > 0) {
          expect(reconciled).toMatchObject([{ action: "quarantined", reason: "bytes_without_record", count: 1 }]);
        }
        outcomes.add(uploaded !== undefined ? "whole" : orphans.length > 0 ? "set aside" : "nothing");
      });
    }
    expect([...outcomes].sort()).toEqual(["nothing", "set aside", "whole"]);
  });

  test("at any step of a deletion leaves the file whole, or nothing of it", async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    await using under = await filesUnderTest({ fileSystem: disk });
    const { id: kept } = await under.now.files.upload(pieces("kept"), details);
    const { id } = await under.now.files.upload(pieces("to go"), details);
    const copies = await crashesDuring(under.directory, disk, folder, () => under.now.files.delete(id));
    expect(copies.length).toBeGreaterThan(3);
    const outcomes = new Set<string>();
    for (const [number, copy] of copies.entries()) {
      await afterCrash(copy, async ({ files, reconciled }) => {
        expect(await textOf(files, kept)).toBe("kept");
        const isThere = (await files.get(id)) !== undefined;
        if (isThere) expect(await textOf(files, id)).toBe("to go");
        else expect(await blobNames(copy)).toEqual([kept]);
        if (number === copies.length - 1) expect(isThere).toBe(false);
        // What was deleted is not kept for an operator to look at.
        expect(await quarantined(copy)).toEqual([]);
        if (reconciled.length > 0) {
          expect(reconciled).toEqual([
            { surface: "files", action: "finished", reason: "interrupted_removal", count: 1, ids: [id] },
          ]);
        }
        outcomes.add(isThere ? "whole" : reconciled.length > 0 ? "finished" : "gone");
      });
    }
    expect([...outcomes].sort()).toEqual(["finished", "gone", "whole"]);
  });

  test("at any step of putting files in order leaves it to the next opening", async () => {
    await using folder = await temporaryFolder();
    await using under = await filesUnderTest();
    const { id: kept } = await under.now.files.upload(pieces("kept"), details);
    const { id: removed } = await under.now.files.upload(pieces("to go"), details);
    const { id: lost } = await under.now.files.upload(pieces("to be lost"), details);
    await under.now.blobs.write("file-orphan", pieces("nobody's"));
    // Dies after the record has gone, before its bytes.
    const dying = new Files(diesAfter(under.now.store, 1), {
      ...faceOf(under.now.blobs),
      remove: () => Promise.reject(new Error("the process died here")),
    });
    await expect(dying.delete(removed)).rejects.toThrow("died here");
    await rm(pathOf(under.directory, lost));
    const left = folder.at("left");
    await crashCopy(under.directory, left);
    const disk = new FaultyFileSystem();
    const copies: string[] = [];
    const first = await openFiles(left, {
      fileSystem: disk,
      around: async (reconcile) => copies.push(...(await crashesDuring(left, disk, folder, reconcile))),
    });
    expect(first.reconciled.map(({ action, ids, loss }) => [action, ids, loss])).toEqual([
      ["finished", [removed], undefined],
      ["quarantined", ["file-orphan"], undefined],
      ["marked_error", [lost], true],
    ]);
    await first.close();
    expect(copies.length).toBeGreaterThan(5);
    for (const copy of copies) {
      const opened = await openFiles(copy);
      expect(await textOf(opened.files, kept)).toBe("kept");
      expect(await opened.files.get(removed)).toBeUndefined();
      expect((await opened.files.get(lost))?.body.file).toMatchObject({
        status: "error",
        status_details: "missing_bytes",
      });
      expect(await blobNames(copy)).toEqual([kept]);
      expect(await inconsistencies(opened)).toHaveLength(2);
      await opened.close();
    }
  });

  test("between a deletion and its bytes is made good by the upkeep too", async () => {
    await using under = await filesUnderTest();
    const { store, blobs, files } = under.now;
    const { id } = await files.upload(pieces("x"), details);
    const failing = new Files(store, { ...faceOf(blobs), remove: () => Promise.reject(new Error("the disk failed")) });
    await expect(failing.delete(id)).rejects.toThrow("the disk failed");
    expect(await files.get(id)).toBeUndefined();
    expect(await blobNames(under.directory)).toEqual([id]);
    await files.maintain({ signal: never });
    expect(await inconsistencies(under.now)).toEqual([]);
  });

  test("in a deletion on a full disk, where nothing can be noted, leaves bytes that are set aside", async () => {
    await using under = await filesUnderTest();
    const { store, blobs, files } = under.now;
    const { id } = await files.upload(pieces("x"), details);
    const other = await files.upload(pieces("y"), details);
    const full = new Files(onFullDisk(store), blobs);
    const deletesOnly: boolean[] = [];
    full.onDelete((_transaction, _file, only) => Promise.resolve(void deletesOnly.push(only)));
    expect(await full.delete(other.id)).toBe(true);
    expect(deletesOnly).toEqual([false, true]);
    const dying = new Files(onFullDisk(store), {
      ...faceOf(blobs),
      remove: () => Promise.reject(new Error("died here")),
    });
    await expect(dying.delete(id)).rejects.toThrow("died here");
    const { reconciled } = await under.reopen();
    expect(reconciled).toMatchObject([{ action: "quarantined", ids: [id] }]);
    expect(await blobNames(under.directory)).toEqual([]);
  });
});

describe("damage", () => {
  test("V5: to bytes is told by their record, in the report and to whoever reads them; and undone when they are back", async () => {
    await using under = await filesUnderTest();
    const [missing, short, whole] = [
      (await under.now.files.upload(pieces("missing"), details)).id,
      (await under.now.files.upload(pieces("short"), details)).id,
      (await under.now.files.upload(pieces("whole"), details)).id,
    ];
    const aside = join(under.directory, "aside");
    await mkdir(aside);
    await rename(pathOf(under.directory, missing), join(aside, missing));
    await truncate(pathOf(under.directory, short), 2);
    const failed = await rejectionOf(under.now.files.content(missing));
    expect([failed.code, failed.message]).toEqual(["CORRUPT", expect.stringContaining("are missing")]);
    const damaged = await under.reopen();
    expect(damaged.reconciled).toEqual([
      { surface: "files", action: "marked_error", reason: "missing_bytes", count: 1, ids: [missing], loss: true },
      { surface: "files", action: "marked_error", reason: "wrong_size", count: 1, ids: [short], loss: true },
    ]);
    expect((await damaged.files.get(short))?.body.file).toMatchObject({
      status: "error",
      status_details: "wrong_size",
    });
    expect((await rejectionOf(damaged.files.content(short))).code).toBe("CORRUPT");
    expect(await textOf(damaged.files, whole)).toBe("whole");
    expect((await under.reopen()).reconciled).toEqual([]);
    await rename(join(aside, missing), pathOf(under.directory, missing));
    await writeFile(pathOf(under.directory, short), "short");
    const restored = await under.reopen();
    expect(restored.reconciled).toMatchObject([{ action: "restored", count: 2 }]);
    expect(await inconsistencies(restored)).toEqual([]);
    expect(await textOf(restored.files, missing)).toBe("missing");
    expect((await restored.files.get(short))?.body.file).not.toHaveProperty("status_details");
  });
});

function pathOf(directory: string, id: string): string {
  return join(directory, "blobs", shardOf(safeName(id)), safeName(id));
}

function faceOf(blobs: OpenFiles["blobs"]): ConstructorParameters<typeof Files>[1] {
  return {
    write: (id, bytes, options) => blobs.write(id, bytes, options),
    stat: (id) => blobs.stat(id),
    read: (id, range) => blobs.read(id, range),
    remove: (id) => blobs.remove(id),
    quarantine: (id, why) => blobs.quarantine(id, why),
    list: () => blobs.list(),
  };
}
