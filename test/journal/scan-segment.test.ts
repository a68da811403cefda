import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeCommit } from "../../src/journal/decode-commit.js";
import { scanSegment } from "../../src/journal/scan-segment.js";
import { commit, header, lines } from "../support/journal-folder.js";

const head = lines(header());
const [one, two, three] = [lines(commit(1)), lines(commit(2)), lines(commit(3))];
const whole = Buffer.concat([head, one, two, three]);

describe("a segment", () => {
  test("without damage is read to its end, and the zeros of preallocation are none", () => {
    const scan = scanSegment(Buffer.concat([whole, Buffer.alloc(5_000)]));
    expect(scan.header).toEqual(header());
    expect(scan.commits).toEqual([
      { sequence: 1, start: head.length, end: head.length + one.length - 1 },
      { sequence: 2, start: head.length + one.length, end: head.length + one.length + two.length - 1 },
      { sequence: 3, start: head.length + one.length + two.length, end: whole.length - 1 },
    ]);
    expect(scan.unreadable).toEqual([]);
    expect(scan.watermark).toBe(2);
    expect(scan.end).toBe(whole.length);
  });

  test("of nothing, or of nothing but zeros, is empty", () => {
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(200_000)]) {
      expect(scanSegment(bytes)).toEqual({ header: undefined, commits: [], unreadable: [], watermark: -1, end: 0 });
    }
  });

  test("is read on behind damage, which is told with the watermark behind it", () => {
    const bytes = Buffer.from(whole);
    bytes.fill(0xff, head.length + one.length, head.length + one.length + two.length - 1);
    const scan = scanSegment(bytes);
    expect(scan.commits.map((found) => found.sequence)).toEqual([1, 3]);
    expect(scan.unreadable).toEqual([
      {
        start: head.length + one.length,
        end: head.length + one.length + two.length,
        commitsBefore: 1,
        watermarkBehind: 2,
      },
    ]);
  });

  test("is read on behind a hole of zeros: sectors that were never written", () => {
    const scan = scanSegment(Buffer.concat([head, one, Buffer.alloc(two.length), three]));
    expect(scan.commits.map((found) => found.sequence)).toEqual([1, 3]);
    expect(scan.unreadable).toMatchObject([{ start: head.length + one.length, commitsBefore: 1, watermarkBehind: 2 }]);
  });

  test("whose end is cut keeps the rest, and the damage ends with its last byte that is not zero", () => {
    const cut = two.subarray(0, 20);
    const scan = scanSegment(Buffer.concat([head, one, cut, Buffer.alloc(300)]));
    expect(scan.commits.map((found) => found.sequence)).toEqual([1]);
    expect(scan.unreadable).toEqual([
      { start: head.length + one.length, end: head.length + one.length + 20, commitsBefore: 1, watermarkBehind: -1 },
    ]);
    expect(scan.end).toBe(head.length + one.length);
  });
});

test("whatever is done to a segment, the scan ends, and finds only what was written", () => {
  const written = [commit(1), commit(2), commit(3)].map((value) => JSON.stringify(value));
  const mutation = fc.record({
    at: fc.nat(whole.length),
    remove: fc.nat(40),
    insert: fc.uint8Array({ maxLength: 40 }),
  });
  fc.assert(
    fc.property(fc.array(mutation, { maxLength: 4 }), (mutations) => {
      let bytes = whole;
      for (const { at, remove, insert } of mutations) {
        bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
      }
      const scan = scanSegment(bytes);
      for (const { start, end } of scan.commits)
        expect(written).toContain(JSON.stringify(decodeCommit(bytes, start, end)));
      for (const { start, end } of scan.unreadable) expect(start).toBeLessThan(end);
      expect(scan.end).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 500 },
  );
});
