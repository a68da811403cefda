import { checksumHolds, decodeLine, endOfRunOnLine, type CommitRecord, type SegmentHeader } from "./record.js";

/** A commit, and where its line stands in its segment. */
export interface ScannedCommit {
  readonly commit: CommitRecord;
  readonly start: number;
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

/**
 * Finds every readable line of a segment, also behind damage: what follows decides whether the damage is a torn tail.
 * Zeros up to the end are what preallocation left. A line holds neither a newline nor a zero byte within, so after
 * unreadable bytes a line can begin only behind one of these.
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
    let line = lineFeed < 0 || holdsZero ? undefined : decodeLine(bytes, offset, lineFeed);
    if (line === undefined && lineFeed >= 0) {
      lineEnd = endOfRunOnLine(bytes, offset, lineFeed, holdsZero ? zero : lineFeed);
      line = lineEnd < 0 ? undefined : decodeLine(bytes, offset, lineEnd);
    }
    if (line === undefined) {
      if (unreadableFrom < 0) unreadableFrom = offset;
      const next = lineFeed < 0 ? bytes.length : lineFeed + 1;
      offset = zero >= 0 && zero < next ? zero : next;
      continue;
    }
    closeRegion(offset);
    if (line.kind === "header") header ??= line.header;
    else {
      const durable = line.kind === "commit" ? line.commit.durable : line.durable;
      if (line.kind === "commit") commits.push({ commit: line.commit, start: offset });
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
  closeRegion(lastNonZero(bytes) + 1);
  const unreadable = regions.map((region, index) => ({ ...region, watermarkBehind: watermarks[index] ?? -1 }));
  return { header, commits, unreadable, watermark, end };
}

/** Whether every line's checksum holds, and nothing but zeros follows. Much quicker than a scan, which parses each. */
export function isIntact(bytes: Buffer): boolean {
  let offset = 0;
  while (offset < bytes.length && bytes[offset] !== 0) {
    const lineFeed = bytes.indexOf(newline, offset);
    if (lineFeed < 0 || !checksumHolds(bytes, offset, lineFeed)) return false;
    offset = lineFeed + 1;
  }
  return firstNonZero(bytes, offset) === bytes.length;
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
