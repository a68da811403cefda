import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { writeFully } from "../../src/files/file-system.js";
import { createFileDurably, replaceFile, replaceFileDurably } from "../../src/files/replace-file.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { FaultyFileSystem } from "./faulty-file-system.js";

describe("the faulty disk", () => {
  test("fails the calls a rule names, and no others", async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    disk.set({ on: "sync", path: /b\.json/, nth: 2, times: 1, fails: "EIO" });
    await replaceFile(disk, folder.at("a.json"), Buffer.from("1"));
    await replaceFile(disk, folder.at("b.json"), Buffer.from("1"));
    await expect(replaceFile(disk, folder.at("b.json"), Buffer.from("2"))).rejects.toMatchObject({ code: "EIO" });
    expect(await readFile(folder.at("b.json"), "utf8")).toBe("1");
    await replaceFile(disk, folder.at("b.json"), Buffer.from("3"));
    expect(await readFile(folder.at("b.json"), "utf8")).toBe("3");
    expect(disk.count("sync")).toBe(4);
  });

  test("has only so much space, and gets it back", async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    disk.spaceLeft = 1_000;
    await replaceFile(disk, folder.at("a"), Buffer.alloc(600));
    await expect(replaceFile(disk, folder.at("b"), Buffer.alloc(600))).rejects.toMatchObject({ code: "ENOSPC" });
    expect(disk.spaceLeft).toBe(400);
    await replaceFile(disk, folder.at("a"), Buffer.alloc(100));
    expect(disk.spaceLeft).toBe(900);
    await createFileDurably(disk, folder.at("c"), Buffer.alloc(900));
    await expect(disk.open(folder.at("d"), "create")).rejects.toMatchObject({ code: "ENOSPC" });
    await disk.remove(folder.at("c"));
    expect(disk.spaceLeft).toBe(900);
  });
});

describe("replacing a file", () => {
  test("goes on after a short write, until all is out", async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    disk.set({ on: "write", times: 3, writesOnly: 2 });
    await replaceFileDurably(disk, folder.at("a"), Buffer.from("whole content"));
    expect(await readFile(folder.at("a"), "utf8")).toBe("whole content");
    expect(disk.count("write")).toBe(4);
  });

  test("fails when nothing more is taken, and leaves the old file alone", async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    await replaceFileDurably(disk, folder.at("a"), Buffer.from("old"));
    disk.set({ on: "write", nth: 2, writesOnly: 0 });
    disk.set({ on: "write", times: 1, writesOnly: 1 });
    await expect(replaceFileDurably(disk, folder.at("a"), Buffer.from("new"))).rejects.toMatchObject({ code: "EIO" });
    expect(await readFile(folder.at("a"), "utf8")).toBe("old");
    expect(await filesBelow(folder.path, /./)).toEqual([folder.at("a")]);
  });

  test.each(["create", "write", "sync", "rename"] as const)(
    "that fails to %s leaves the old file and nothing else",
    async (on) => {
      await using folder = await temporaryFolder();
      const disk = new FaultyFileSystem();
      await replaceFileDurably(disk, folder.at("a"), Buffer.from("old"));
      disk.set({ on, fails: "EIO" });
      await expect(replaceFileDurably(disk, folder.at("a"), Buffer.from("new"))).rejects.toMatchObject({ code: "EIO" });
      expect(await readFile(folder.at("a"), "utf8")).toBe("old");
      expect(await filesBelow(folder.path, /./)).toEqual([folder.at("a")]);
    },
  );

  test("is not done until the folder is synced", async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    disk.set({ on: "syncDirectory", fails: "EIO" });
    await expect(replaceFileDurably(disk, folder.at("a"), Buffer.from("new"))).rejects.toMatchObject({ code: "EIO" });
  });

  test("creates a name once, whoever tries", async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    const tries = Array.from({ length: 8 }, (_, index) =>
      createFileDurably(disk, folder.at("a"), Buffer.from(String(index))),
    );
    const created = await Promise.all(tries);
    expect(created.filter(Boolean)).toHaveLength(1);
    expect(await readFile(folder.at("a"), "utf8")).toBe(String(created.indexOf(true)));
    expect(await filesBelow(folder.path, /./)).toEqual([folder.at("a")]);
  });
});

test("writeFully passes on the system's error", async () => {
  await using folder = await temporaryFolder();
  const disk = new FaultyFileSystem();
  const file = await disk.open(folder.at("a"), "create");
  disk.set({ on: "write", fails: "EDQUOT" });
  await expect(writeFully(file, Buffer.from("x"), 0)).rejects.toMatchObject({ code: "EDQUOT" });
  await file.close();
});
