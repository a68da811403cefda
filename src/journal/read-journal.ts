import { join } from "node:path";
import type { FileSystem } from "../files/file-system.js";
import { isAbsent } from "../files/node-file-system.js";
import { HoldfastError } from "../errors.js";
import { decodeLine, journalFormat, type CommitRecord, type SegmentHeader } from "./record.js";
import { isIntact, scanSegment, type UnreadableRegion } from "./scan-segment.js";
import { compareSegmentNames, parseSegmentName } from "./segment-name.js";

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
   * Whether segments that hold nothing above are looked at too. Nothing in them is needed but by those who follow
   * changes from far behind; whether they are damaged is to be known all the same.
   */
  readonly checkAll?: boolean;
  /**
   * Whether a checkpoint may remove segments while they are listed. The oldest goes first: with one that is gone, all
   * before it are, and the rest is still the journal.
   */
  readonly mayShrink?: boolean;
  /** Called with each commit above, in order. */
  readonly apply: (commit: CommitRecord, segment: string) => void;
  readonly onSegment?: (done: number, total: number) => void;
}

interface ListedSegment {
  readonly name: string;
  readonly epoch: number;
  readonly first: number;
  readonly header: SegmentHeader | undefined;
}

const headerBytes = 4096;

/**
 * Reads the journal above a sequence number.
 *
 * Unreadable bytes are a *torn tail* only at the end of the last segment, and only if no line behind them carries a
 * watermark that covers what is missing: then the batch they belong to was never acknowledged, nor anything behind it.
 * Everywhere else they are damage, and the sequence numbers they held are lost; what can be read is still applied.
 */
export async function readJournal(options: ReadJournalOptions): Promise<JournalReading> {
  const findings: JournalFinding[] = [];
  const listed = await listSegments(options);
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
  };
}

async function listSegments({ fileSystem, directory, mayShrink }: ReadJournalOptions): Promise<ListedSegment[]> {
  if ((await fileSystem.status(directory)) === undefined) return [];
  const entries = await fileSystem.readDirectory(directory);
  const names = entries
    .filter(({ kind }) => kind === "file")
    .map(({ name }) => name)
    .sort(compareSegmentNames);
  let segments: ListedSegment[] = [];
  for (const name of names) {
    const parsed = parseSegmentName(name);
    if (parsed === undefined) continue;
    let header: SegmentHeader | undefined;
    try {
      header = await readHeader(fileSystem, join(directory, name));
    } catch (error) {
      if (mayShrink !== true || !isAbsent(error)) throw error;
      segments = [];
      continue;
    }
    if (header !== undefined && header.format > journalFormat) {
      throw new HoldfastError(
        "UNSUPPORTED_FORMAT",
        `${join(directory, name)} has journal format ${header.format}; this version knows up to ${journalFormat}. Open it with the version that wrote it.`,
        { details: { path: join(directory, name), format: header.format } },
      );
    }
    segments.push({ name, ...parsed, header });
  }
  return segments;
}

async function readHeader(fileSystem: FileSystem, path: string): Promise<SegmentHeader | undefined> {
  const file = await fileSystem.open(path, "read");
  try {
    const buffer = Buffer.alloc(headerBytes);
    const length = await file.read(buffer, 0, headerBytes, 0);
    const end = buffer.subarray(0, length).indexOf(0x0a);
    const line = end < 0 ? undefined : decodeLine(buffer, 0, end);
    return line?.kind === "header" ? line.header : undefined;
  } finally {
    await file.close();
  }
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

/** The content of a segment: the whole file, where it was sealed if its successor says so, and what counts of it. */
interface SegmentBytes {
  readonly whole: Buffer;
  readonly sealed: number | undefined;
  readonly bytes: Buffer;
}

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
      else if (this.#options.checkAll === true) await this.#checkSegment(segment, next);
      this.#options.onSegment?.(index + 1, this.#chain.length);
    }
    if (this.#chain.length === 0 && this.#acknowledged > 0) {
      this.#findings.push({ kind: "missing", segment: "", detail: "no segment is left of the journal" });
    }
  }

  get #acknowledged(): number {
    return this.#options.acknowledged ?? this.#options.above ?? 0;
  }

  async #read(segment: ListedSegment, next: ListedSegment | undefined): Promise<SegmentBytes> {
    const whole = await this.#options.fileSystem.readFile(join(this.#options.directory, segment.name));
    const sealed = next?.header?.previous?.segment === segment.name ? next.header.previous.length : undefined;
    return { whole, sealed, bytes: sealed === undefined ? whole : whole.subarray(0, sealed) };
  }

  /** Its checksums are all that is looked at, unless one of them does not hold. */
  async #checkSegment(segment: ListedSegment, next: ListedSegment): Promise<void> {
    const read = await this.#read(segment, next);
    if (!isIntact(read.bytes)) {
      for (const region of scanSegment(read.bytes).unreadable) this.#unreadable(segment, read.bytes, region);
    }
    if (read.bytes.length === 0) this.#damage(segment, 0, read.bytes, "the file is empty");
    else this.#expectSealedLength(segment, read);
  }

  async #readSegment(segment: ListedSegment, next: ListedSegment | undefined): Promise<void> {
    const read = await this.#read(segment, next);
    const { bytes, sealed } = read;
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
      const commit = commits[index]?.commit;
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
      this.#options.apply(commit, segment.name);
      this.lastSequence = commit.sequence;
    }
    this.#expectSealedLength(segment, read);
    this.#expect(segment, watermark);
    this.#seen = Math.max(this.#seen, watermark);
    if (next === undefined) this.#expectAcknowledged(segment, contentEnd, contentEnd > end);
    this.previous = { segment: segment.name, length: end };
  }

  #unreadable(segment: ListedSegment, bytes: Buffer, { start, end }: UnreadableRegion, endsJournal = false): void {
    this.#damage(segment, start, bytes.subarray(start, end), "the bytes do not match their checksum", endsJournal);
  }

  #expectSealedLength(segment: ListedSegment, { whole, sealed }: SegmentBytes): void {
    if (sealed === undefined || whole.length >= sealed) return;
    const detail = `the file was sealed at ${sealed} bytes and now has ${whole.length}`;
    this.#damage(segment, whole.length, Buffer.alloc(0), detail);
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
