import { readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DirectoryBlobs } from "../../src/blobs/index.js";
import type { FileSystem, OpenFile } from "../../src/files/file-system.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { shardOf } from "../../src/files/safe-name.js";
import type { DiskFault, DiskOperation } from "../faults/faulty-file-system.js";
import { rejectionOf } from "../support/rejection.js";
import { blobsUnderTest, bytesOf, listed, pieces, silentAfter } from "./blobs-under-test.js";

const staged = /staged/;

describe("writing bytes", () => {
  test("syncs the bytes before they get their name, and the name before it is acknowledged", async () => {
    await using under = await blobsUnderTest();
    await under.blobs.write("file-0", pieces("makes the folders that are always there"));
    const steps: string[] = [];
    const note = (on: DiskOperation): void => {
      under.disk.set({
        on,
        before: (path) => {
          steps.push(`${on} ${path.slice(under.layout.blobs.length + 1).replace(/\.[0-9a-f]{12}\.tmp$/, "")}`);
          return Promise.resolve();
        },
      });
    };
    for (const on of ["create", "write", "sync", "makeDirectory", "link", "remove", "syncDirectory"] as const) note(on);
    await under.blobs.write("file-1", pieces("x"));
    const shard = shardOf("file-1");
    expect(steps).toEqual([
      "create staged/blob",
      "write staged/blob",
      "sync staged/blob",
      `makeDirectory ${shard}`,
      "syncDirectory ",
      `link ${shard}/file-1`,
      "remove staged/blob",
      `syncDirectory ${shard}`,
    ]);
  });

  test("waits for a folder that another write is still making durable", async () => {
    await using under = await blobsUnderTest();
    await under.blobs.write("file-0", pieces("x"));
    // Two ids of one folder, and the second arrives while the folder's name is not durable yet.
    const twin = Array.from({ length: 5_000 }, (_, index) => `twin-${index}`).find(
      (id) => shardOf(id) === shardOf("file-1"),
    );
    let isDurable = false;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let entered = (): void => undefined;
    const entering = new Promise<void>((resolve) => {
      entered = resolve;
    });
    under.disk.set({
      on: "syncDirectory",
      path: /blobs$/,
      before: async () => {
        entered();
        await held;
        isDurable = true;
      },
    });
    const first = under.blobs.write("file-1", pieces("x"));
    await entering;
    const second = under.blobs.write(twin ?? "", pieces("x")).then(() => isDurable);
    release();
    await first;
    expect(await second).toBe(true);
  });

  test("writes on where the system took only a part", async () => {
    await using under = await blobsUnderTest();
    under.disk.set({ on: "write", path: staged, writesOnly: 7 });
    await under.blobs.write("file-1", pieces("the quick brown fox", " jumps over"));
    expect(String(await bytesOf(await under.blobs.read("file-1")))).toBe("the quick brown fox jumps over");
  });

  const failures: readonly (readonly [string, DiskFault])[] = [
    ["the file can not be made", { on: "create", path: staged, fails: "EIO" }],
    ["a write fails", { on: "write", path: staged, fails: "EIO", nth: 2 }],
    ["the sync fails", { on: "sync", path: staged, fails: "EIO" }],
    ["the folder can not be made", { on: "makeDirectory", path: /[0-9a-f]{2}$/, fails: "EIO" }],
    ["the name can not be made", { on: "link", fails: "EIO" }],
    ["the first name can not be removed", { on: "remove", path: staged, fails: "EIO", times: 1 }],
    ["the folder can not be synced", { on: "syncDirectory", path: /blobs\/[0-9a-f]{2}$/, fails: "EIO", times: 1 }],
  ];
  test.each(failures)(
    "when %s, ends with STORAGE_FAILED, leaves nothing, and can be begun anew",
    async (_what, fault) => {
      await using under = await blobsUnderTest();
      const lift = under.disk.set(fault);
      expect((await rejectionOf(under.blobs.write("file-1", pieces("one", "two")))).code).toBe("STORAGE_FAILED");
      // A failed sync is not tried again: the system may have dropped what it could not write.
      if (fault.on === "sync") expect(under.disk.count("sync")).toBe(1);
      expect(await under.fileNames().catch(() => [])).toEqual([]);
      lift();
      await under.blobs.write("file-1", pieces("one", "two"));
      expect(String(await bytesOf(await under.blobs.read("file-1")))).toBe("onetwo");
    },
  );

  test("on a full disk ends with STORAGE_FULL, and gives back what it took", async () => {
    await using under = await blobsUnderTest();
    under.disk.spaceLeft = 1_000;
    const failed = await rejectionOf(under.blobs.write("file-1", pieces(Buffer.alloc(600), Buffer.alloc(600))));
    expect(failed.code).toBe("STORAGE_FULL");
    expect(under.disk.spaceLeft).toBe(1_000);
    expect(await under.fileNames()).toEqual([]);
    await under.blobs.write("file-1", pieces(Buffer.alloc(1_000)));
  });

  test("ends as soon as the limit is passed, and asks for no more", async () => {
    await using under = await blobsUnderTest();
    let asked = 0;
    let stopped = false;
    async function* endless(): AsyncGenerator<Uint8Array, void, void> {
      try {
        for (;;) {
          asked += 1;
          yield await Promise.resolve(Buffer.alloc(10));
        }
      } finally {
        stopped = true;
      }
    }
    expect(await rejectionOf(under.blobs.write("file-1", endless(), { limitBytes: 25 }))).toMatchObject({
      code: "DOCUMENT_TOO_LARGE",
      details: { limitBytes: 25 },
    });
    expect([asked, stopped]).toEqual([3, true]);
    expect(await under.fileNames()).toEqual([]);
    await under.blobs.write("file-1", pieces(Buffer.alloc(25)), { limitBytes: 25 });
  });

  test("fails as its source fails", async () => {
    await using under = await blobsUnderTest();
    const cut = new Error("the connection was cut");
    async function* failing(): AsyncGenerator<Uint8Array, void, void> {
      yield await Promise.resolve(Buffer.from("half"));
      throw cut;
    }
    await expect(under.blobs.write("file-1", failing())).rejects.toBe(cut);
    expect(await under.fileNames()).toEqual([]);
  });

  test("does not wait for a silent source once it is aborted or closed", async () => {
    await using under = await blobsUnderTest();
    const abort = new AbortController();
    const aborted = under.blobs.write("file-1", silentAfter("x"), { signal: abort.signal });
    const reason = new Error("no longer wanted");
    abort.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    const closing = rejectionOf(under.blobs.write("file-2", silentAfter("x")));
    await under.blobs.close();
    expect((await closing).code).toBe("CLOSED");
    expect(await under.fileNames()).toEqual([]);
  });
});

describe("a displaced owner", () => {
  test("acknowledges nothing, and takes nothing away", async () => {
    await using under = await blobsUnderTest();
    await under.blobs.write("file-1", pieces("x"));
    // Displaced after the name was made: the successor may have seen it, and judges it.
    const lift = under.disk.set({
      on: "syncDirectory",
      path: /blobs\/[0-9a-f]{2}$/,
      before: () => {
        under.displace();
        return Promise.resolve();
      },
    });
    expect((await rejectionOf(under.blobs.write("file-2", pieces("y")))).code).toBe("WRITER_FENCED");
    lift();
    for (const attempt of [
      () => under.blobs.write("file-3", pieces("z")),
      () => under.blobs.remove("file-1"),
      () => under.blobs.quarantine("file-1", "why"),
      () => under.blobs.tidy(),
    ]) {
      expect((await rejectionOf(attempt())).code).toBe("WRITER_FENCED");
    }
    expect(await under.fileNames()).toEqual([`${shardOf("file-1")}/file-1`, `${shardOf("file-2")}/file-2`].sort());
  });

  test("whose bytes its successor swept away learns why", async () => {
    await using under = await blobsUnderTest();
    under.disk.set({
      on: "link",
      before: async () => {
        under.displace();
        expect(await under.another("owner").tidy()).toBe(1);
      },
    });
    expect((await rejectionOf(under.blobs.write("file-1", pieces("x")))).code).toBe("WRITER_FENCED");
    expect(await under.fileNames()).toEqual([]);
  });
});

describe("what is left", () => {
  test("of interrupted writes is removed at the next opening; other files stay, and are no blobs", async () => {
    await using under = await blobsUnderTest();
    await under.blobs.write("file-1", pieces("x"));
    const leftover = join(under.layout.blobs, "staged", "blob.0123456789ab.tmp");
    const wrongShard = shardOf("file-1") === "00" ? "01" : "00";
    await nodeFileSystem.makeDirectory(join(under.layout.blobs, wrongShard));
    await writeFile(leftover, "half");
    await writeFile(join(under.layout.blobs, wrongShard, "file-9"), "in another's folder");
    await writeFile(join(under.layout.blobs, "notes.txt"), "by hand");
    const next = under.another("owner");
    expect(await next.tidy()).toBe(1);
    expect(await next.tidy()).toBe(0);
    expect(await listed(next)).toEqual([{ id: "file-1", size: 1 }]);
    expect(await readdir(join(under.layout.blobs, "staged"))).toEqual([]);
    expect(await under.fileNames()).toHaveLength(3);
  });

  test("open by a reader is closed, at the end or when the stream is destroyed unread", async () => {
    await using under = await blobsUnderTest();
    await under.blobs.write("file-1", pieces(Buffer.alloc(200_000)));
    let open = 0;
    const counting: FileSystem = {
      ...nodeFileSystem,
      async open(path, mode): Promise<OpenFile> {
        const file = await nodeFileSystem.open(path, mode);
        open += 1;
        return {
          path: file.path,
          read: (...given) => file.read(...given),
          readNow: (...given) => file.readNow(...given),
          write: (...given) => file.write(...given),
          sync: () => file.sync(),
          truncate: (length) => file.truncate(length),
          size: () => file.size(),
          close: async () => {
            open -= 1;
            await file.close();
          },
        };
      },
    };
    const blobs = new DirectoryBlobs({ fileSystem: counting, layout: under.layout });
    const unread = await blobs.read("file-1");
    expect(open).toBe(1);
    const closed = new Promise((resolve) => unread?.once("close", resolve));
    unread?.destroy();
    await closed;
    const begun = (await blobs.read("file-1"))?.[Symbol.asyncIterator]();
    await begun?.next();
    await begun?.return?.();
    await bytesOf(await blobs.read("file-1"));
    await rejectionOf(blobs.read("file-1", { first: 7, last: 3 }));
    expect(open).toBe(0);
  });

  test("of bytes that shrink while they are read is not taken for all of them", async () => {
    await using under = await blobsUnderTest();
    await under.blobs.write("file-1", pieces(Buffer.alloc(200_000)));
    const stream = await under.blobs.read("file-1");
    await truncate(join(under.layout.blobs, shardOf("file-1"), "file-1"), 1_000);
    expect((await rejectionOf(bytesOf(stream))).code).toBe("CORRUPT");
    under.disk.set({ on: "read", fails: "EIO" });
    expect((await rejectionOf(bytesOf(await under.blobs.read("file-1")))).code).toBe("STORAGE_FAILED");
  });
});
