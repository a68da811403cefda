import { truncate, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { checkSegment, type SegmentDamage } from "../../src/journal/check-segment.js";
import { countedReads } from "../support/counted-reads.js";
import { flipByte } from "../support/flip-byte.js";
import { commit, header, lines, range, writeSegment } from "../support/journal-folder.js";
import { temporaryFolder, type TemporaryFolder } from "../support/temporary-folder.js";

const goOn = (): Promise<boolean> => Promise.resolve(true);
/** More than a piece together, and one of them longer than a piece alone. */
const paddings = [10, 100_000, 100_000, 600_000, 100_000, 10];
const longLines = Buffer.concat([
  lines(header()),
  ...paddings.map((padding, index) => lines({ ...commit(index + 1), padding: "x".repeat(padding) })),
]);

async function segmentOf(folder: TemporaryFolder, bytes: Buffer): Promise<string> {
  return folder.at(await writeSegment(folder.path, header(), bytes));
}

function check(path: string, sealed?: number): Promise<readonly SegmentDamage[] | undefined> {
  return checkSegment(nodeFileSystem, path, sealed, goOn);
}

describe("the check of a segment", () => {
  test("finds nothing in one that is whole, with or without the zeros of its preallocation", async () => {
    await using folder = await temporaryFolder();
    for (const bytes of [longLines, Buffer.concat([longLines, Buffer.alloc(700_000)])])
      expect(await check(await segmentOf(folder, bytes))).toEqual([]);
  });

  test("finds one damaged byte, wherever it is", async () => {
    await using folder = await temporaryFolder();
    const bytes = Buffer.concat([longLines, Buffer.alloc(700_000)]);
    const path = await segmentOf(folder, bytes);
    for (const offset of [3, 200, 150_000, 500_000, longLines.length - 2, longLines.length + 1, bytes.length - 1]) {
      await flipByte(path, offset);
      const [found, ...others] = (await check(path)) as SegmentDamage[];
      expect(others).toEqual([]);
      expect(found?.offset).toBeLessThanOrEqual(offset);
      expect((found?.offset ?? 0) + (found?.bytes.length ?? 0)).toBeGreaterThan(offset);
      await flipByte(path, offset);
    }
  });

  test("passes over what lies behind the seal, and finds a line that the seal cuts", async () => {
    await using folder = await temporaryFolder();
    const path = await segmentOf(folder, Buffer.concat([longLines, Buffer.from("never acknowledged")]));
    expect(await check(path)).toHaveLength(1);
    expect(await check(path, longLines.length)).toEqual([]);
    expect(await check(path, longLines.length - 5)).toHaveLength(1);
  });

  test("finds a file that was emptied, cut, or overwritten with zeros", async () => {
    await using folder = await temporaryFolder();
    const path = await segmentOf(folder, longLines);
    await truncate(path, longLines.length - 5);
    expect(await check(path)).toHaveLength(1);
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(5_000)]) {
      await writeFile(path, bytes);
      expect(await check(path)).toMatchObject([{ offset: 0, detail: "the file is empty" }]);
    }
  });

  test("reads a piece at a time, and ends when it is told to", async () => {
    await using folder = await temporaryFolder();
    const many = lines(header(), ...range(1, 5_000).map((sequence) => commit(sequence)));
    const path = await segmentOf(folder, many);
    const disk = countedReads();
    let pieces = 0;
    expect(await checkSegment(disk.fileSystem, path, undefined, () => Promise.resolve(++pieces <= 2))).toBeUndefined();
    expect(disk.bytesRead(/\.wal$/)).toBeLessThanOrEqual(2 * 256 * 1024);
    expect(many.length).toBeGreaterThan(3 * 256 * 1024);
  });
});
