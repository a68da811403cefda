import { beforeAll, describe, expect, test } from "vitest";
import { scanSegment } from "../../src/journal/scan-segment.js";
import { formatSegmentName } from "../../src/journal/segment-name.js";
import {
  commit,
  entry,
  header,
  lines,
  openWriter,
  range,
  readBack,
  segmentsOf,
  writeSegment,
} from "../support/journal-folder.js";
import { overlaidFiles } from "../support/overlaid-files.js";
import { temporaryFolder } from "../support/temporary-folder.js";

describe("cutting the last batch", () => {
  // As a living writer left it: commits 1 to 4 acknowledged, 5 to 7 one batch on top of them.
  let bytes: Buffer;
  let batchStart: number;
  let contentEnd: number;

  beforeAll(async () => {
    await using folder = await temporaryFolder();
    const { writer } = await openWriter(folder.path);
    for (const sequence of range(1, 4)) writer.append(entry(sequence));
    await writer.idle();
    for (const sequence of range(5, 7)) writer.append(entry(sequence));
    await writer.idle();
    const written = [...(await segmentsOf(folder.path)).values()][0] as Buffer;
    await writer.close();
    // A watermark line may stand before the batch and behind it: it is written once the journal has been idle a while.
    const starts = scanSegment(written).commits.map(({ start }) => start);
    batchStart = starts[4] as number;
    contentEnd = written.indexOf("\n", starts[6]) + 1;
    bytes = Buffer.concat([written.subarray(0, contentEnd), Buffer.alloc(written.length - contentEnd)]);
  });

  test.each(["shortens the file", "leaves zeros, as preallocation does"])(
    "at any byte %s: a torn tail, and no loss",
    async (how) => {
      await using folder = await temporaryFolder();
      const name = formatSegmentName(header());
      const torn = new Set<number>();
      for (let cut = batchStart; cut < contentEnd; cut += 1) {
        const kept = bytes.subarray(0, cut);
        const cutBytes = how === "shortens the file" ? kept : Buffer.concat([kept, Buffer.alloc(bytes.length - cut)]);
        const fileSystem = overlaidFiles(new Map([[folder.at(name), cutBytes]]));
        const { reading, sequences } = await readBack(folder.path, { fileSystem });
        expect(reading.lost).toEqual([]);
        expect(sequences).toEqual(range(1, sequences.length));
        expect(sequences.length).toBeGreaterThanOrEqual(4);
        expect(reading.lastSequence).toBe(sequences.length);
        expect(reading.findings.length).toBeLessThanOrEqual(1);
        for (const finding of reading.findings) {
          expect(finding).toEqual({
            kind: "torn",
            segment: name,
            offset: reading.previous?.length,
            bytes: kept.subarray(reading.previous?.length),
          });
          torn.add(cut);
        }
      }
      // All but the cuts between two lines, which leave nothing torn.
      expect(torn.size).toBe(contentEnd - batchStart - 3);
    },
  );

  test("out of order, as a disk may write its sectors, is a torn tail too", async () => {
    await using folder = await temporaryFolder();
    const line = lines(commit(5, 4)).length;
    const holed = Buffer.from(bytes);
    holed.fill(0, batchStart + line, batchStart + 2 * line - 5);
    await writeSegment(folder.path, header(), holed);
    const { reading, sequences } = await readBack(folder.path);
    expect(sequences).toEqual(range(1, 5));
    expect(reading.findings).toMatchObject([{ kind: "torn", segment: "00000001-0000000000000001.wal" }]);
    expect(reading.lost).toEqual([]);
  });
});
