import { crc32 } from "node:zlib";
import { EncodedText } from "../files/encoded-text.js";
import { checksumDigits, readChecksum, writeChecksum } from "../files/checksum-digits.js";

/** The format of the journal. It never changes meaning: another layout gets another number. */
export const journalFormat = 1;

/** One operation as it stands in the journal. Members that reach disk keep their names for ever. */
export type Operation = PutOperation | DeleteOperation;

export interface PutOperation {
  readonly put: string;
  readonly id: string;
  readonly revision: number;
  readonly schemaVersion: number;
  readonly createdAt: string;
  /** Where the document stands in the order of creation: the commit that created it, and its place within that commit. */
  readonly createdSequence: number;
  readonly createdIndex: number;
  readonly expiresAt?: string;
  /** Members of the document's envelope that this version does not know, kept as they were. */
  readonly unknown?: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

export interface DeleteOperation {
  readonly delete: string;
  readonly id: string;
  /** The revision the deletion stands for: one above that of the deleted document. */
  readonly revision: number;
}

/** The first line of a segment. */
export interface SegmentHeader {
  readonly format: number;
  readonly storeId: string;
  readonly epoch: number;
  /** The first sequence number this segment can hold. */
  readonly first: number;
  /** The segment before it, and the length it was sealed at: whatever lies behind that was never acknowledged. */
  readonly previous: { readonly segment: string; readonly length: number } | null;
}

/** One transaction. */
export interface CommitRecord {
  readonly sequence: number;
  readonly time: string;
  /** The durable watermark: the highest sequence number known to be on disk when this line was written. */
  readonly durable: number;
  readonly operations: readonly Operation[];
}

/** A line that only raises the watermark, written when the journal falls idle. */
export interface WatermarkRecord {
  readonly durable: number;
}

export type JournalLine =
  | { readonly kind: "header"; readonly header: SegmentHeader }
  | { readonly kind: "commit"; readonly commit: CommitRecord }
  | { readonly kind: "watermark"; readonly durable: number };

/** `<crc32> ` before the JSON. */
export const linePrefixLength = checksumDigits + 1;
const newline = 0x0a;
const space = 0x20;
const openingBrace = 0x7b;
const closingBrace = 0x7d;

/**
 * Writes one line at `offset`: the JSON is encoded once, straight into its place, and the checksum set in front of it.
 *
 * @returns the offset behind the line.
 */
export function encodeLine(target: Buffer, offset: number, json: string): number {
  const start = offset + linePrefixLength;
  const end = start + target.write(json, start, "utf8");
  writeChecksum(target, offset, crc32(target.subarray(start, end)));
  target[start - 1] = space;
  target[end] = newline;
  return end + 1;
}

/** The most bytes {@link encodeLine} can need: a UTF-16 unit becomes at most three bytes. */
export function lineBound(json: string): number {
  return linePrefixLength + json.length * 3 + 1;
}

/**
 * The JSON of a commit, from operations that are JSON already: a body is serialised once, when it is handed in.
 *
 * That there is only one operation stands in front of it: opening then knows without looking through the body that the
 * body goes on to the end.
 *
 * @param count how many operations there are.
 */
export function commitJson(sequence: number, time: string, durable: number, operations: string, count: number): string {
  const head = `{"sequence":${sequence},"time":"${time}","durable":${durable}`;
  return count === 1 ? `${head},"operation":${operations}}` : `${head},"operations":[${operations}]}`;
}

/** What stands behind the operations in a line: the end of the JSON, and the line feed. */
const operationEnding = "}\n".length;
const operationsEnding = "]}\n".length;

/** The operations within the line that {@link encodeLine} made of {@link commitJson}. All before them is ASCII. */
export function encodedOperations(
  bytes: Buffer,
  lineStart: number,
  lineEnd: number,
  json: string,
  operations: string,
  count: number,
): EncodedText {
  const ending = count === 1 ? operationEnding : operationsEnding;
  const start = lineStart + linePrefixLength + json.length - operations.length - ending + 1;
  return new EncodedText(bytes, start, lineEnd - ending);
}

/** Whether the line that occupies `bytes[start, end)` has its checksum in front of it. */
export function checksumHolds(bytes: Buffer, start: number, end: number): boolean {
  const json = start + linePrefixLength;
  if (end <= json || bytes[json - 1] !== space) return false;
  // A part of a buffer that is a buffer itself takes twice as long to make, and this is done for every line.
  return readChecksum(bytes, start) === crc32(new Uint8Array(bytes.buffer, bytes.byteOffset + json, end - json));
}

/**
 * Reads the line that occupies `bytes[start, end)`, its newline excluded.
 *
 * @returns `undefined` if it is not a line this format has: the checksum is looked at before any field is.
 */
export function decodeLine(bytes: Buffer, start: number, end: number): JournalLine | undefined {
  if (!checksumHolds(bytes, start, end)) return undefined;
  return parseLine(bytes.toString("utf8", start + linePrefixLength, end));
}

/** What the JSON of a line says. @returns `undefined` if it is no line this format has. */
export function parseLine(json: string): JournalLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    // A line with the right checksum that is no JSON was not written by this program: damaged like any other.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return classify(value);
}

/**
 * Where a line ends that runs into the next one, because the line feed between them is damaged: where its checksum says.
 * Without this, one damaged byte would take two commits.
 *
 * @param end the next line feed, behind both.
 * @param bound where the first of them ends at the latest: a line holds no zero byte.
 * @returns -1 if it is not so.
 */
export function endOfRunOnLine(bytes: Buffer, start: number, end: number, bound = end): number {
  const expected = readChecksum(bytes, start);
  if (expected < 0) return -1;
  let checksum = 0;
  let from = start + linePrefixLength;
  for (let brace = from; brace < bound && brace + linePrefixLength + 2 < end; brace += 1) {
    // Behind the line: the byte that was a line feed, eight digits, a space, and the next line's JSON.
    const next = brace + 2 + linePrefixLength;
    if (bytes[brace] !== closingBrace || bytes[next - 1] !== space || bytes[next] !== openingBrace) continue;
    checksum = crc32(bytes.subarray(from, brace + 1), checksum);
    from = brace + 1;
    if (checksum === expected) return from;
  }
  return -1;
}

function classify(value: unknown): JournalLine | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if ("format" in value && "storeId" in value && "epoch" in value && "first" in value && "previous" in value) {
    return { kind: "header", header: value as SegmentHeader };
  }
  if (!("durable" in value) || !Number.isSafeInteger(value.durable)) return undefined;
  if (!("sequence" in value)) return { kind: "watermark", durable: value.durable as number };
  if (!Number.isSafeInteger(value.sequence)) return undefined;
  if ("operation" in value) return commitOfOne(value);
  if (!("operations" in value) || !Array.isArray(value.operations)) return undefined;
  return { kind: "commit", commit: value as CommitRecord };
}

/** A commit of one operation, as the same thing that one of several is. */
function commitOfOne({ operation, ...others }: Record<string, unknown>): JournalLine | undefined {
  if (typeof operation !== "object" || operation === null || "operations" in others) return undefined;
  return { kind: "commit", commit: { ...others, operations: [operation] } as unknown as CommitRecord };
}
