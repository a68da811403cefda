import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { readFile, truncate } from "node:fs/promises";
import { constants } from "node:fs";
import { expect, test } from "vitest";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { createFileDurably, replaceFileDurably } from "../../src/files/replace-file.js";
import { FaultyFileSystem, type DiskOperation } from "../faults/faulty-file-system.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { temporaryFolder } from "../support/temporary-folder.js";

/** The calls of these kinds, in the order in which they came. */
function stepsOf(disk: FaultyFileSystem, kinds: readonly DiskOperation[]): string[] {
  const steps: string[] = [];
  for (const on of kinds) {
    disk.set({
      on,
      before: () => {
        steps.push(on);
        return Promise.resolve();
      },
    });
  }
  return steps;
}

test("a file is replaced in this order: written, synced, named, and its folder synced", async () => {
  await using folder = await temporaryFolder();
  const disk = new FaultyFileSystem();
  const steps = stepsOf(disk, ["write", "sync", "rename", "syncDirectory"]);
  await replaceFileDurably(disk, folder.at("a"), Buffer.from("new"));
  expect(steps).toEqual(["write", "sync", "rename", "syncDirectory"]);
});

test("a file is created in this order: written, synced, named, and its folder synced", async () => {
  await using folder = await temporaryFolder();
  const disk = new FaultyFileSystem();
  const steps = stepsOf(disk, ["write", "sync", "link", "syncDirectory"]);
  expect(await createFileDurably(disk, folder.at("a"), Buffer.from("new"))).toBe(true);
  expect(steps).toEqual(["write", "sync", "link", "syncDirectory"]);
});

test("a sync that failed once is a failure: it is not called again, and nothing is replaced", async () => {
  await using folder = await temporaryFolder();
  const disk = new FaultyFileSystem();
  await replaceFileDurably(disk, folder.at("a"), Buffer.from("old"));
  const before = disk.count("sync");
  disk.set({ on: "sync", times: 1, fails: "EIO" });
  await expect(replaceFileDurably(disk, folder.at("a"), Buffer.from("new"))).rejects.toMatchObject({ code: "EIO" });
  expect(disk.count("sync") - before).toBe(1);
  expect(await readFile(folder.at("a"), "utf8")).toBe("old");
});

test("a file that the disk holds cut short does not take the place of the old one", async () => {
  await using folder = await temporaryFolder();
  const disk = new FaultyFileSystem();
  await replaceFileDurably(disk, folder.at("a"), Buffer.from("old"));
  disk.set({ on: "sync", before: (path) => truncate(path, 2) });
  await expect(replaceFileDurably(disk, folder.at("a"), Buffer.from("longer"))).rejects.toThrow("holds 2 bytes");
  expect(await readFile(folder.at("a"), "utf8")).toBe("old");
  expect(await filesBelow(folder.path, /./)).toEqual([folder.at("a")]);
});

test.runIf(process.platform === "linux")(
  "a file that is written through was opened so that the system itself waits for the disk",
  async () => {
    await using folder = await temporaryFolder();
    await replaceFileDurably(nodeFileSystem, folder.at("a"), Buffer.from("content"));
    for (const [mode, isThrough] of [
      ["write-through", true],
      ["truncate", false],
    ] as const) {
      const file = await nodeFileSystem.open(folder.at("a"), mode);
      const descriptor = readdirSync("/proc/self/fd").find((name) => leadsTo(name) === folder.at("a"));
      const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor ?? ""}`, "utf8"))?.[1];
      expect((Number.parseInt(flags ?? "", 8) & constants.O_DSYNC) !== 0).toBe(isThrough);
      await file.close();
    }
  },
);

/** A descriptor may have been closed since it was listed. */
function leadsTo(descriptor: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
