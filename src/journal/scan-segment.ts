import { CommitHeads, type CommitHead } from "./commit-head.js";
import { PutCommit } from "./put-commit.js";
import { checksumHolds, decodeLine, endOfRunOnLine, type JournalLine, type SegmentHeader } from "./record.js";

/**
 * Where the line of a commit stands in its segment: `[start, end)`, its line feed excluded. Its checksum holds. A
 * {@link PutCommit} says the rest as well; else that is to be read from the line.
 */
export interface ScannedCommit {
  readonly sequence: number;
  readonly start: number;
  readonly end: number;
}

/** Bytes that are no line of this format: `[start, end)`. */
export interface UnreadableRegion {
  readonly start: number;
  readonly end: number;
  /** How many of the scan's commits stand before it. */
  readonly commitsBefore: number;
  /** The highest durable watermark in any line behind it; -1 if there is none. */
  readonly watermarkBehind: number;
}

export interface SegmentScan {
  readonly header: SegmentHeader | undefined;
  readonly commits: readonly ScannedCommit[];
  readonly unreadable: readonly UnreadableRegion[];
  /** The highest watermark found; -1 if there is none. */
  readonly watermark: number;
  /** Where the last readable line ends. */
  readonly end: number;
}

const newline = 0x0a;

/** What a scan has to know of a line. */
type ScannedLine = Exclude<JournalLine, { kind: "commit" }> | CommitHead | PutCommit;

/**
 * Finds every readable line of a segment, also behind damage: what follows decides whether the damage is a torn tail.
 * Zeros up to the end are what preallocation left. A line holds neither a newline nor a zero byte within, so after
 * unreadable bytes a line can begin only behind one of these. Of a commit only the head is read: most of the time that a
 * reading takes goes into the rest, which is in the way until it is known which commits count.
 */
export function scanSegment(bytes: Buffer): SegmentScan {
  let header: SegmentHeader | undefined;
  const commits: ScannedCommit[] = [];
  const regions: { start: number; end: number; commitsBefore: number }[] = [];
  /** For each region, the highest watermark behind it, filled in as lines turn up. */
  const watermarks: number[] = [];
  let watermark = -1;
  let end = 0;
  let unreadableFrom = -1;

  const closeRegion = (at: number): void => {
    if (unreadableFrom < 0) return;
    regions.push({ start: unreadableFrom, end: at, commitsBefore: commits.length });
    watermarks.push(-1);
    unreadableFrom = -1;
  };

  const heads = new CommitHeads(bytes);
  let offset = 0;
  // Looked for only once they are passed: of bytes that are no journal, looking at each place would take for ever.
  let lineFeed = bytes.indexOf(newline);
  let zero = bytes.indexOf(0);
  while (offset < bytes.length) {
    if (bytes[offset] === 0) {
      const next = firstNonZero(bytes, offset);
      if (next === bytes.length) break;
      if (unreadableFrom < 0) unreadableFrom = offset;
      offset = next;
      continue;
    }
    if (lineFeed >= 0 && lineFeed < offset) lineFeed = bytes.indexOf(newline, offset);
    if (zero >= 0 && zero < offset) zero = bytes.indexOf(0, offset);
    const holdsZero = zero >= 0 && zero < lineFeed;
    let lineEnd = lineFeed;
    let line = lineFeed < 0 || holdsZero ? undefined : scanLine(bytes, heads, offset, lineFeed);
    if (line === undefined && lineFeed >= 0) {
      lineEnd = endOfRunOnLine(bytes, offset, lineFeed, holdsZero ? zero : lineFeed);
      line = lineEnd < 0 ? undefined : scanLine(bytes, heads, offset, lineEnd);
    }
    if (line === undefined) {
      if (unreadableFrom < 0) unreadableFrom = offset;
      const next = lineFeed < 0 ? bytes.length : lineFeed + 1;
      offset = zero >= 0 && zero < next ? zero : next;
      continue;
    }
    closeRegion(offset);
    if ("header" in line) header ??= line.header;
    else {
      const { durable } = line;
      if (line instanceof PutCommit) commits.push(line);
      else if ("sequence" in line) commits.push({ sequence: line.sequence, start: offset, end: lineEnd });
      watermark = Math.max(watermark, durable);
      for (let index = watermarks.length - 1; index >= 0 && (watermarks[index] ?? 0) < durable; index -= 1) {
        watermarks[index] = durable;
      }
    }
    offset = lineEnd + 1;
    end = offset;
    // A line feed that is none: one damaged byte, and the next line begins behind it all the same.
    if (lineEnd !== lineFeed) unreadableFrom = lineEnd;
  }
  if (unreadableFrom >= 0) closeRegion(lastNonZero(bytes) + 1);
  const unreadable = regions.map((region, index) => ({ ...region, watermarkBehind: watermarks[index] ?? -1 }));
  return { header, commits, unreadable, watermark, end };
}

function scanLine(bytes: Buffer, heads: CommitHeads, start: number, end: number): ScannedLine | undefined {
  if (!checksumHolds(bytes, start, end)) return undefined;
  const head = heads.read(start, end);
  if (head !== undefined) return head;
  const line = decodeLine(bytes, start, end);
  if (line?.kind !== "commit") return line;
  const { sequence, durable } = line.commit;
  return { sequence, durable };
}

/**
 * Looks at the checksums of the lines that stand whole at the beginning of a piece of a segment.
 *
 * @returns the offset behind the last of them: that of zeros, or of a line that goes on behind the piece. -1 if a checksum
 * does not hold.
 */
export function endOfIntactLines(bytes: Buffer): number {
  let offset = 0;
  while (offset < bytes.length && bytes[offset] !== 0) {
    const lineFeed = bytes.indexOf(newline, offset);
    if (lineFeed < 0) break;
    if (!checksumHolds(bytes, offset, lineFeed)) return -1;
    offset = lineFeed + 1;
  }
  return offset;
}

/** Whether there is nothing but zeros. */
export function isBlank(bytes: Buffer): boolean {
  return firstNonZero(bytes, 0) === bytes.length;
}

const zeros = Buffer.alloc(64 * 1024);

function firstNonZero(bytes: Buffer, from: number): number {
  let offset = from;
  while (offset < bytes.length) {
    const chunk = bytes.subarray(offset, offset + zeros.length);
    if (!chunk.equals(zeros.subarray(0, chunk.length))) return offset + chunk.findIndex((byte) => byte !== 0);
    offset += chunk.length;
  }
  return bytes.length;
}

function lastNonZero(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0) {
    const chunk = bytes.subarray(Math.max(0, end - zeros.length), end);
    if (!chunk.equals(zeros.subarray(0, chunk.length)))
      return end - chunk.length + chunk.findLastIndex((byte) => byte !== 0);
    end -= chunk.length;
  }
  return -1;
}
