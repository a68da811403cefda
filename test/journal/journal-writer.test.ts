import { describe, expect, test } from "vitest";
import { HoldfastError } from "../../src/errors.js";
import { scanSegment } from "../../src/journal/scan-segment.js";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { filesBelow } from "../support/directory-fingerprint.js";
import { eventually } from "../support/eventually.js";
import { deletion, entry, openWriter, range, readBack, segmentsOf, storeId } from "../support/journal-folder.js";
import { temporaryFolder } from "../support/temporary-folder.js";

async function lastSegment(directory: string): Promise<Buffer> {
  return [...(await segmentsOf(directory)).values()].at(-1) as Buffer;
}

describe("group commit", () => {
  test("what is appended in one turn is one write, acknowledged together", async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    const { writer, listener } = await openWriter(folder.path, { fileSystem: disk });
    const before = disk.count("write");
    for (const sequence of range(1, 20)) writer.append(entry(sequence));
    await writer.idle();
    expect(disk.count("write") - before).toBe(1);
    expect(writer.batches).toBe(1);
    expect(listener.told).toEqual(["durable 20"]);
    await writer.close();
    expect((await readBack(folder.path)).sequences).toEqual(range(1, 20));
  });

  test("what arrives while a write is in flight is the next one", async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    const { writer, listener } = await openWriter(folder.path, { fileSystem: disk });
    disk.set({
      on: "write",
      times: 1,
      before: () => {
        for (const sequence of range(3, 9)) writer.append(entry(sequence));
        return Promise.resolve();
      },
    });
    writer.append(entry(1));
    writer.append(entry(2));
    await writer.idle();
    expect(listener.told).toEqual(["durable 2", "durable 9"]);
    await writer.close();
    const { commits } = await readBack(folder.path);
    expect(commits.map(({ durable }) => durable)).toEqual([0, 0, 2, 2, 2, 2, 2, 2, 2]);
  });

  test("nothing is acknowledged before its write has returned", async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    const { writer, listener } = await openWriter(folder.path, { fileSystem: disk });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    disk.set({ on: "write", times: 1, before: () => held });
    writer.append(entry(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(listener.told).toEqual([]);
    release();
    await writer.idle();
    expect(listener.told).toEqual(["durable 1"]);
    await writer.close();
  });

  test("a line of its own raises the watermark when the journal falls idle", async () => {
    await using folder = await temporaryFolder();
    const { writer } = await openWriter(folder.path);
    writer.append(entry(1));
    await writer.idle();
    await eventually(
      "a watermark that covers the commit",
      async () => scanSegment(await lastSegment(folder.path)).watermark === 1,
    );
    // And once is enough.
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect((await lastSegment(folder.path)).toString("latin1").match(/\{"durable":1\}\n/g)).toHaveLength(1);
    await writer.close();
  });
});

test.each([0, 10, 30, 40])(
  "a batch that would leave %i bytes of its segment leaves room for its watermark, and the journal goes on",
  async (left) => {
    await using folder = await temporaryFolder();
    const { writer, listener } = await openWriter(folder.path);
    const lengthNow = (): number => writer.currentSegment?.length ?? 0;
    const { length: size } = await lastSegment(folder.path);
    const before = lengthNow();
    writer.append(entry(1, Math.ceil(size / 2)));
    await writer.idle();
    const overhead = lengthNow() - before - Math.ceil(size / 2);
    await eventually("the first watermark", async () => scanSegment(await lastSegment(folder.path)).watermark === 1);
    // Nothing is kept back of the segment for deletions when this one is one.
    writer.append({ ...entry(2, size - lengthNow() - overhead - left), deletesOnly: true });
    await writer.idle();
    await eventually("the second watermark", async () => scanSegment(await lastSegment(folder.path)).watermark === 2);
    writer.append(entry(3));
    await eventually("the third commit", () => listener.told.at(-1) === "durable 3");
    await writer.close();
    expect((await readBack(folder.path)).sequences).toEqual([1, 2, 3]);
  },
);

describe("segments", () => {
  test("follow one another, each naming and sealing the one before", async () => {
    await using folder = await temporaryFolder();
    const { writer } = await openWriter(folder.path);
    for (const sequence of range(1, 40)) {
      writer.append(entry(sequence, 1_500));
      await writer.idle();
    }
    await writer.close();
    const segments = [...(await segmentsOf(folder.path))];
    expect(segments.length).toBeGreaterThan(2);
    expect(writer.segments).toEqual(segments.map(([name]) => name));
    let previous: [string, Buffer] | undefined;
    for (const segment of segments) {
      const { header } = scanSegment(segment[1]);
      expect(header).toMatchObject({ format: 1, storeId, epoch: 1 });
      if (previous === undefined) expect(header?.previous).toBeNull();
      else expect(header?.previous).toEqual({ segment: previous[0], length: scanSegment(previous[1]).end });
      previous = segment;
    }
    const { reading, sequences } = await readBack(folder.path);
    expect(sequences).toEqual(range(1, 40));
    expect(reading.findings).toEqual([]);
  });

  test("are made of zeros on disk before anything is written into them", async () => {
    await using folder = await temporaryFolder();
    const { writer } = await openWriter(folder.path);
    const size = (await lastSegment(folder.path)).length;
    expect(size).toBe(16 * 1024);
    for (const sequence of range(1, 5)) writer.append(entry(sequence));
    await writer.idle();
    expect((await lastSegment(folder.path)).length).toBe(size);
    await writer.close();
  });

  test("are as large as a commit that fits in no ordinary one", async () => {
    await using folder = await temporaryFolder();
    const { writer } = await openWriter(folder.path);
    writer.append(entry(1, 200_000));
    writer.append(entry(2));
    await writer.idle();
    await writer.close();
    expect((await readBack(folder.path)).sequences).toEqual([1, 2]);
  });

  test("that were prepared and not used are gone after closing", async () => {
    await using folder = await temporaryFolder();
    const { writer } = await openWriter(folder.path);
    for (const sequence of range(1, 4)) {
      writer.append(entry(sequence, 1_500));
      await writer.idle();
    }
    await writer.close();
    expect(await filesBelow(folder.path, /\.tmp$/)).toEqual([]);
  });
});

describe("failure", () => {
  test.each([
    ["a write that fails", { on: "write", path: /\.wal|next/, nth: 1, fails: "EIO" }],
    ["a short write that can not be finished", { on: "write", path: /\.wal|next/, nth: 1, writesOnly: 0 }],
  ] as const)("%s fails everything in flight and queued, for good", async (_what, fault) => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    const { writer, listener } = await openWriter(folder.path, { fileSystem: disk });
    writer.append(entry(1));
    await writer.idle();
    const lift = disk.set(fault);
    writer.append(entry(2));
    writer.append(entry(3));
    await writer.idle();
    expect(listener.told).toEqual(["durable 1", "failed STORAGE_FAILED"]);
    expect(listener.error).toMatchObject({ code: "STORAGE_FAILED" });
    lift();
    // The disk works again, and is not trusted.
    const writes = disk.count("write");
    expect(() => {
      writer.append(entry(4));
    }).toThrow(HoldfastError);
    await writer.idle();
    await writer.close();
    expect(disk.count("write")).toBe(writes);
    expect((await readBack(folder.path)).sequences).toEqual([1]);
  });

  test("a short write is finished, and is none", async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    const { writer, listener } = await openWriter(folder.path, { fileSystem: disk });
    disk.set({ on: "write", writesOnly: 7 });
    for (const sequence of range(1, 3)) writer.append(entry(sequence));
    await writer.idle();
    expect(listener.told).toEqual(["durable 3"]);
    await writer.close();
    expect((await readBack(folder.path)).sequences).toEqual([1, 2, 3]);
  });

  test("a broken fence after the write leaves it unacknowledged", async () => {
    await using folder = await temporaryFolder();
    const fenced = new HoldfastError("WRITER_FENCED", "Another process took over.");
    let owned = true;
    const { writer, listener } = await openWriter(folder.path, {
      checkFence: () => {
        if (!owned) throw fenced;
      },
    });
    writer.append(entry(1));
    await writer.idle();
    owned = false;
    writer.append(entry(2));
    await writer.idle();
    expect(listener.told).toEqual(["durable 1", "failed WRITER_FENCED"]);
    await writer.close();
  });

  test("a failing sync of the next segment is a failure, not a full disk", async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    const { writer, listener } = await openWriter(folder.path, { fileSystem: disk });
    disk.set({ on: "sync", path: /next/, fails: "EIO" });
    for (const sequence of range(1, 4)) {
      if (listener.error !== undefined) break;
      writer.append(entry(sequence, 3_000));
      await writer.idle();
    }
    await eventually("the writer has failed", () => listener.error !== undefined);
    expect(listener.told.at(-1)).toBe("failed STORAGE_FAILED");
    await writer.close();
    const { sequences, reading } = await readBack(folder.path);
    expect(sequences.length).toBeGreaterThanOrEqual(listener.durableUpTo);
    expect(reading.lost).toEqual([]);
    expect(await filesBelow(folder.path, /\.tmp$/)).toEqual([]);
  });
});

describe("a full disk", () => {
  test("is met before anything is promised; deletions go on, and it is over when there is space", async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    const { writer, listener } = await openWriter(folder.path, { fileSystem: disk, reserveBytes: 4 * 1024 });
    disk.spaceLeft = 0;
    let sequence = 0;
    while (listener.error === undefined) {
      sequence += 1;
      writer.append(entry(sequence, 1_000));
      await writer.idle();
    }
    expect(listener.error.code).toBe("STORAGE_FULL");
    expect(writer.full?.code).toBe("STORAGE_FULL");
    const kept = listener.durableUpTo;

    // What does not fit is not taken; what only deletes has room kept for it.
    while (writer.admits(entry(kept + 1))) {
      writer.append(entry(listener.durableUpTo + 1));
      await writer.idle();
    }
    const deletions = range(listener.durableUpTo + 1, listener.durableUpTo + 8);
    for (const number of deletions) {
      expect(writer.admits(deletion(number))).toBe(true);
      writer.append(deletion(number));
      await writer.idle();
    }
    expect(listener.durableUpTo).toBe(deletions.at(-1));

    disk.spaceLeft = 10 * 1024 * 1024;
    await eventually("the journal resumes", () => listener.told.includes("resumed"));
    expect(writer.full).toBeUndefined();
    writer.append(entry(listener.durableUpTo + 1, 5_000));
    await writer.idle();
    await writer.close();
    const { sequences, reading } = await readBack(folder.path);
    expect(sequences).toEqual(range(1, listener.durableUpTo));
    expect(reading.findings).toEqual([]);
  });

  test("refuses what is queued and does not fit, having written none of it", async () => {
    await using folder = await temporaryFolder();
    const disk = new FaultyFileSystem();
    const { writer, listener } = await openWriter(folder.path, { fileSystem: disk });
    disk.spaceLeft = 0;
    writer.append(entry(1, 30_000));
    writer.append(entry(2));
    await writer.idle();
    expect(listener.told).toEqual(["full", "refused STORAGE_FULL"]);
    // The numbers are free again.
    writer.append(entry(1));
    await writer.idle();
    expect(listener.durableUpTo).toBe(1);
    await writer.close();
    expect((await readBack(folder.path)).sequences).toEqual([1]);
    expect(await filesBelow(folder.path, /\.tmp$/)).toEqual([]);
  });
});
