import type { FileSystem } from "../files/file-system.js";
import { decodeCommit } from "./decode-commit.js";
import { listSegments, type ListedSegment } from "./list-segments.js";
import { PutCommit } from "./put-commit.js";
import type { CommitRecord, SegmentHeader } from "./record.js";
import { scanSegment, type ScannedCommit, type UnreadableRegion } from "./scan-segment.js";
import { readSegmentBytes, sealedLength } from "./segment-bytes.js";

/** Something in the journal that is not as a living writer leaves it. */
export type JournalFinding =
  /** The end of the last segment was never acknowledged, and is cut. No loss. */
  | { readonly kind: "torn"; readonly segment: string; readonly offset: number; readonly bytes: Buffer }
  /** Bytes that had been acknowledged, or that stand among such, can not be read. */
  | {
      readonly kind: "damage";
      readonly segment: string;
      readonly offset: number;
      readonly bytes: Buffer;
      readonly detail: string;
      /** Whether the journal may have gone on behind it, with commits that nobody can number. */
      readonly endsJournal: boolean;
    }
  /** A whole file that is not part of this journal. */
  | { readonly kind: "foreign"; readonly segment: string; readonly detail: string }
  /** Numbers that were acknowledged and are in no file. */
  | { readonly kind: "missing"; readonly segment: string; readonly detail: string };

/** Both ends belong to it. */
export interface SequenceRange {
  readonly first: number;
  readonly last: number;
}

export interface JournalReading {
  /** The segments of this journal, oldest first. */
  readonly segments: readonly string[];
  /** The newest segment, and how far it holds: what the next writer's header says of its predecessor. */
  readonly previous: SegmentHeader["previous"];
  /** The highest sequence number that was given out as far as the journal knows; lost ones count. */
  readonly lastSequence: number;
  /** The highest one that the journal itself says is durable. What lies above it may still vanish. */
  readonly watermark: number;
  readonly findings: readonly JournalFinding[];
  readonly lost: readonly SequenceRange[];
  /** The store the segments belong to, where one says so. */
  readonly storeId: string | undefined;
  /** Segments that hold nothing above, oldest first. Their lines were not looked at. */
  readonly unread: readonly UnreadSegment[];
}

/** A segment of which no more than its header and its length was looked at. */
export interface UnreadSegment {
  readonly segment: string;
  /** Where it was sealed, if its successor says so. */
  readonly sealed: number | undefined;
}

export interface ReadJournalOptions {
  readonly fileSystem: FileSystem;
  readonly directory: string;
  /** Segments of another store are foreign. `undefined` if the store's id is not known: the newest segment says it. */
  readonly storeId: string | undefined;
  /** Commits up to this one are already elsewhere. `undefined`: take all there are, and miss none before them. */
  readonly above: number | undefined;
  /**
   * Commits up to this one are known to have been acknowledged, whatever the journal says: bytes that held one of them
   * are damage, never a torn tail. Default: `above`.
   */
  readonly acknowledged?: number;
  /** Segments that begin above this one need not be read. Default: read to the end. */
  readonly until?: number;
  /**
   * Whether the length of segments that hold nothing above is looked at. Nothing in them is needed but by those who follow
   * changes from far behind, so their lines are left to whoever has the time: see `JournalReading.unread`.
   */
  readonly measureAll?: boolean;
  /**
   * Whether a checkpoint may remove segments while they are listed. The oldest goes first: with one that is gone, all
   * before it are, and the rest is still the journal.
   */
  readonly mayShrink?: boolean;
  /** Called with each commit above, in order. */
  readonly apply: (commit: CommitRecord) => void;
  /** Called in its place, where it is given, with a commit of one put that can be read without its body. */
  readonly applyPut?: (put: PutCommit) => void;
  readonly onSegment?: (done: number, total: number) => void;
}

/**
 * Reads the journal above a sequence number.
 *
 * Unreadable bytes are a *torn tail* only at the end of the last segment, and only if no line behind them carries a
 * watermark that covers what is missing: then the batch they belong to was never acknowledged, nor anything behind it.
 * Everywhere else they are damage, and the sequence numbers they held are lost; what can be read is still applied.
 */
export async function readJournal(options: ReadJournalOptions): Promise<JournalReading> {
  const findings: JournalFinding[] = [];
  const listed = await listSegments(options.fileSystem, options.directory, options.mayShrink === true);
  const storeId = options.storeId ?? listed.findLast((segment) => segment.header !== undefined)?.header?.storeId;
  const own = listed.filter((segment) => {
    const detail = foreignBecause(segment, storeId);
    if (detail !== undefined) findings.push({ kind: "foreign", segment: segment.name, detail });
    return detail === undefined;
  });
  const chain = withoutStrays(own, findings);
  const reader = new ChainReader(options, chain, findings);
  await reader.read();
  return {
    segments: chain.map(({ name }) => name),
    previous: reader.previous,
    lastSequence: reader.lastSequence,
    watermark: reader.watermark,
    findings,
    lost: reader.lost,
    storeId,
    unread: reader.unread,
  };
}

/** Says why a segment is no part of this journal; a header that can not be read says nothing. */
function foreignBecause({ header, epoch, first }: ListedSegment, storeId: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (header.storeId !== storeId) return "the segment belongs to another state directory";
  if (header.epoch !== epoch || header.first !== first)
    return "the file is a copy, or was renamed: its name and its header do not agree";
  return undefined;
}

/**
 * Each header names its predecessor. What stands between the two by name was written by an owner that had already lost
 * the directory: nothing of it was acknowledged.
 */
function withoutStrays(segments: readonly ListedSegment[], findings: JournalFinding[]): ListedSegment[] {
  const chain: ListedSegment[] = [];
  let expected: string | undefined;
  for (const segment of segments.toReversed()) {
    if (expected !== undefined && segment.name !== expected && segments.some(({ name }) => name === expected)) {
      findings.push({
        kind: "foreign",
        segment: segment.name,
        detail: "the segment was written by an owner that had lost the directory",
      });
      continue;
    }
    chain.push(segment);
    expected = segment.header?.previous?.segment;
  }
  return chain.reverse();
}

const chunkBytes = 1024 * 1024;

/** `[start, end)` of a segment. */
type ByteRange = Pick<UnreadableRegion, "start" | "end">;

class ChainReader {
  readonly #options: ReadJournalOptions;
  readonly #chain: readonly ListedSegment[];
  readonly #findings: JournalFinding[];
  readonly lost: SequenceRange[] = [];
  /** The last number applied, or known to be lost. */
  lastSequence: number;
  /** The last number that the segments read so far account for; commits that are elsewhere already count. */
  #seen = 0;
  watermark = 0;
  previous: SegmentHeader["previous"] = null;
  readonly unread: UnreadSegment[] = [];
  readonly #chunk = Buffer.allocUnsafe(chunkBytes);

  constructor(options: ReadJournalOptions, chain: readonly ListedSegment[], findings: JournalFinding[]) {
    this.#options = options;
    this.#chain = chain;
    this.#findings = findings;
    this.lastSequence = options.above ?? (chain[0] === undefined ? 0 : chain[0].first - 1);
  }

  async read(): Promise<void> {
    for (const [index, segment] of this.#chain.entries()) {
      const next = this.#chain[index + 1];
      if (segment.first > (this.#options.until ?? Number.MAX_SAFE_INTEGER)) break;
      const isLast = next === undefined;
      if (isLast || next.first > this.lastSequence + 1) await this.#readSegment(segment, next);
      else this.#passOver(segment, next);
      this.#options.onSegment?.(index + 1, this.#chain.length);
    }
    if (this.#chain.length === 0 && this.#acknowledged > 0) {
      this.#findings.push({ kind: "missing", segment: "", detail: "no segment is left of the journal" });
    }
  }

  get #acknowledged(): number {
    return this.#options.acknowledged ?? this.#options.above ?? 0;
  }

  /** Its lines are not needed. That it lost its end, or everything, shows without them. */
  #passOver(segment: ListedSegment, next: ListedSegment): void {
    const sealed = sealedLength(segment, next);
    this.unread.push({ segment: segment.name, sealed });
    if (this.#options.measureAll !== true) return;
    if (segment.size === 0) this.#damage(segment, 0, Buffer.alloc(0), "the file is empty");
    else this.#expectSealedLength(segment, segment.size, sealed);
  }

  async #readSegment(segment: ListedSegment, next: ListedSegment | undefined): Promise<void> {
    const { fileSystem, directory } = this.#options;
    const { bytes, sealed, size } = await readSegmentBytes(fileSystem, directory, segment, next, this.#chunk);
    const { commits, unreadable, watermark, end } = scanSegment(bytes);
    const contentEnd = Math.max(end, unreadable.at(-1)?.end ?? 0);

    // A header is on disk before the file has this name. An empty file had content once, and how much, nobody knows.
    if (contentEnd === 0) this.#damage(segment, 0, bytes.subarray(0, 0), "the file is empty", next === undefined);
    // A segment begins right behind what was durable when it was begun.
    this.#expect(segment, segment.first - 1);
    this.#seen = Math.max(this.#seen, segment.first - 1);
    this.watermark = Math.max(this.watermark, segment.first - 1, watermark);

    // And the next one begins where this one ends. That is how far it goes if the header that sealed it is damaged.
    const lastHere = next === undefined ? Number.MAX_SAFE_INTEGER : next.first - 1;
    const isSealed = next === undefined || sealed !== undefined;
    let nextRegion = 0;
    for (let index = 0; index <= commits.length; index += 1) {
      const commit = commits[index];
      for (; unreadable[nextRegion]?.commitsBefore === index; nextRegion += 1) {
        const region = unreadable[nextRegion] as UnreadableRegion;
        if (!isSealed && this.#seen >= lastHere) break;
        if (this.#isTorn(region, next === undefined, commit?.sequence)) {
          this.#cut(segment, region, bytes.subarray(region.start, contentEnd));
          return;
        }
        this.#unreadable(segment, bytes, region, next === undefined && region.end > end);
      }
      if (commit === undefined || commit.sequence > lastHere) break;
      this.#seen = Math.max(this.#seen, commit.sequence);
      if (commit.sequence <= this.lastSequence) continue;
      this.#expect(segment, commit.sequence - 1);
      this.#apply(segment, bytes, commit);
    }
    this.#expectSealedLength(segment, size, sealed);
    this.#expect(segment, watermark);
    this.#seen = Math.max(this.#seen, watermark);
    if (next === undefined) this.#expectAcknowledged(segment, contentEnd, contentEnd > end);
    this.previous = { segment: segment.name, length: end };
  }

  #apply(segment: ListedSegment, bytes: Buffer, scanned: ScannedCommit): void {
    const { sequence, start, end } = scanned;
    const { apply, applyPut } = this.#options;
    if (scanned instanceof PutCommit && applyPut !== undefined) {
      applyPut(scanned);
      this.lastSequence = sequence;
      return;
    }
    const commit = decodeCommit(bytes, start, end);
    if (commit === undefined) {
      // Its checksum holds, so no write that was cut short explains it.
      this.#unreadable(segment, bytes, { start, end });
      this.#expect(segment, sequence);
      return;
    }
    apply(commit);
    this.lastSequence = sequence;
  }

  #unreadable(segment: ListedSegment, bytes: Buffer, { start, end }: ByteRange, endsJournal = false): void {
    this.#damage(segment, start, bytes.subarray(start, end), "the bytes do not match their checksum", endsJournal);
  }

  #expectSealedLength(segment: ListedSegment, size: number, sealed: number | undefined): void {
    if (sealed === undefined || size >= sealed) return;
    const detail = `the file was sealed at ${sealed} bytes and now has ${size}`;
    this.#damage(segment, size, Buffer.alloc(0), detail);
  }

  /**
   * Judges unreadable bytes. Those at the very beginning held a header, which was on disk before the file had its name,
   * so no crash explains them.
   *
   * @param nextSequence the commit behind them, if there is one.
   */
  #isTorn(region: UnreadableRegion, inLastSegment: boolean, nextSequence: number | undefined): boolean {
    // A watermark line is written alone, when everything before it is on the disk.
    const missing = nextSequence === undefined ? region.watermarkBehind < 0 : nextSequence > this.#seen + 1;
    const acknowledged = Math.max(region.watermarkBehind, this.#acknowledged) > this.#seen;
    return inLastSegment && missing && !acknowledged && region.start > 0;
  }

  /** The journal ends where a batch that was never acknowledged begins to be unreadable. */
  #cut(segment: ListedSegment, region: UnreadableRegion, bytes: Buffer): void {
    this.#findings.push({ kind: "torn", segment: segment.name, offset: region.start, bytes: Buffer.from(bytes) });
    this.previous = { segment: segment.name, length: region.start };
  }

  /** The end of the journal: what is known to have been acknowledged must have been in it. */
  #expectAcknowledged(segment: ListedSegment, contentEnd: number, endIsDamaged: boolean): void {
    if (this.#seen < this.#acknowledged && !endIsDamaged) {
      const detail = `the journal ends before commit ${this.#acknowledged}, which was acknowledged`;
      this.#damage(segment, contentEnd, Buffer.alloc(0), detail, true);
    }
    this.#expect(segment, this.#acknowledged);
  }

  /** Every number up to `sequence` was acknowledged: those not seen are lost. */
  #expect(segment: ListedSegment, sequence: number): void {
    if (sequence <= this.lastSequence) return;
    const range = { first: this.lastSequence + 1, last: sequence };
    this.lost.push(range);
    this.#findings.push({
      kind: "missing",
      segment: segment.name,
      detail: `the commits ${range.first} to ${range.last} are missing`,
    });
    this.lastSequence = sequence;
  }

  #damage(segment: ListedSegment, offset: number, bytes: Buffer, detail: string, endsJournal = false): void {
    this.#findings.push({
      kind: "damage",
      segment: segment.name,
      offset,
      bytes: Buffer.from(bytes),
      detail,
      endsJournal,
    });
  }
}
