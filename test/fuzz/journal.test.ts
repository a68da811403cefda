import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { formatSegmentName } from "../../src/journal/segment-name.js";
import { decodeCommit } from "../../src/journal/decode-commit.js";
import { endOfIntactLines, isBlank, scanSegment } from "../../src/journal/scan-segment.js";
import { commit, header, lines, range, readBack } from "../support/journal-folder.js";
import { overlaidFiles } from "../support/overlaid-files.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { befall, fuzzing, mishaps } from "./fuzzing.js";

/** Three segments of two owners, as a living writer leaves them: three commits each, watermarks, zeros behind the last. */
function segments(): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  let previous: { segment: string; length: number } | null = null;
  for (const [index, { epoch, first }] of [
    { epoch: 1, first: 1 },
    { epoch: 1, first: 4 },
    { epoch: 2, first: 7 },
  ].entries()) {
    const start = header({ epoch, first, previous });
    const commits = range(first, first + 2).map((sequence) => commit(sequence));
    const content = lines(start, ...commits, { durable: first + 2 });
    previous = { segment: formatSegmentName(start), length: content.length };
    files.set(previous.segment, index === 2 ? Buffer.concat([content, Buffer.alloc(700)]) : content);
  }
  return files;
}

const whole = segments();
const names = [...whole.keys()];
const contents = [...whole.values()];
const written = new Map(range(1, 9).map((sequence) => [sequence, JSON.stringify(commit(sequence))]));

test("a scan of any bytes ends, finds nothing that was not written, and accounts for every byte that it passes over", () => {
  const anyBytes = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.tuple(fc.nat(2), mishaps).map(([index, what]) => befall(contents[index] as Buffer, what)),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 4_000 }).map((bytes) => Buffer.from(bytes)) },
    // What a line is made of, in any order: the worst that can come of chance.
    {
      weight: 1,
      arbitrary: fc
        .array(fc.constantFrom("\n", "\0", "}", "{", " ", "deadbeef ", "00000000 {}", '{"durable":9}'), {
          maxLength: 300,
        })
        .map((parts) => Buffer.from(parts.join(""))),
    },
  );
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const { commits, unreadable, end } = scanSegment(bytes);
      for (const { sequence, start, end: lineEnd } of commits) {
        expect(JSON.stringify(decodeCommit(bytes, start, lineEnd))).toBe(written.get(sequence));
        expect(start).toBeLessThan(end);
      }
      let behind = 0;
      for (const region of unreadable) {
        expect(region.start).toBeGreaterThanOrEqual(behind);
        expect(region.end).toBeGreaterThan(region.start);
        expect(region.end).toBeLessThanOrEqual(bytes.length);
        behind = region.end;
      }
      // Whatever is neither in a line nor unreadable is the zeros of preallocation.
      const contentEnd = Math.max(end, behind);
      expect(bytes.subarray(contentEnd).every((byte) => byte === 0)).toBe(true);
      // The check that looks at checksums alone finds damage wherever the scan does.
      const intact = endOfIntactLines(bytes);
      if (intact >= 0 && isBlank(bytes.subarray(intact))) expect(unreadable).toEqual([]);
    }),
    fuzzing("the scan of a segment", 3_000),
  );
});

test("a journal of mistreated, swapped and doubled segments is read to its end, in order, with nothing made up", async () => {
  await using folder = await temporaryFolder();
  const happening = fc.array(
    fc.record({ from: fc.nat(2), to: fc.nat(3), what: fc.option(mishaps, { nil: undefined, freq: 3 }) }),
    { minLength: 1, maxLength: 4 },
  );
  const spare = formatSegmentName({ epoch: 3, first: 10 });
  await fc.assert(
    fc.asyncProperty(happening, fc.option(fc.nat(9), { nil: undefined }), async (happened, above) => {
      const files = new Map(whole);
      for (const { from, to, what } of happened) {
        const bytes = contents[from] as Buffer;
        files.set(names[to] ?? spare, what === undefined ? bytes : befall(bytes, what));
      }
      const fileSystem = overlaidFiles(new Map([...files].map(([name, bytes]) => [join(folder.path, name), bytes])));
      const { commits, sequences, reading } = await readBack(folder.path, { fileSystem, above });
      for (const found of commits) expect(JSON.stringify(found)).toBe(written.get(found.sequence));
      expect(sequences).toEqual([...new Set(sequences)].sort((left, right) => left - right));
      const lost = reading.lost.flatMap(({ first, last }) => range(first, last));
      expect(lost.filter((sequence) => sequences.includes(sequence))).toEqual([]);
      const kept = reading.findings.reduce((sum, finding) => sum + ("bytes" in finding ? finding.bytes.length : 0), 0);
      const read = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
      expect(kept).toBeLessThanOrEqual(read);
    }),
    fuzzing("the reading of a journal", 1_000),
  );
});

// Each of these once took a time that grew with the square of the bytes: hours, for a segment. Now it is seconds, and
// what fails here is the bound of the whole test.
test.each([
  ["a zero at every other byte", "A\0"],
  ["what begins as a line does, with zeros between", "deadbeef }x\0"],
  ["nothing but braces", "}"],
  ["checksums without lines", "deadbeef "],
  ["line feeds", "\n"],
])("a large file of %s is scanned in one go", (_, pattern) => {
  const bytes = Buffer.alloc(8 * 1024 * 1024, pattern);
  bytes.write("\n", bytes.length - 1);
  expect(scanSegment(bytes)).toMatchObject({ commits: [], header: undefined, watermark: -1 });
});
