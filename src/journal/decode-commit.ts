import { EncodedText } from "../files/encoded-text.js";
import { linePrefixLength, parseLine, type CommitRecord } from "./record.js";

/** Reads a commit from a line whose checksum was looked at already. @returns `undefined` if it holds none. */
export function decodeCommit(bytes: Buffer, start: number, end: number): CommitRecord | undefined {
  const line = parseLine(bytes.toString("utf8", start + linePrefixLength, end));
  return line?.kind === "commit" ? line.commit : undefined;
}

/** A commit whose only operation is `put`, read without the body, which is left where it stands. */
export interface OutlinedCommit {
  readonly commit: CommitRecord;
  readonly body: EncodedText;
}

const beforeBody = ',"body":';
/** Where the body begins at the latest, for it to be found: behind an id of 256 characters there is room enough. */
const longestHead = 1024;
/** Behind the body: the ends of the operation, of the operations, and of the commit. */
const afterBody = "}]}";

/**
 * Reads a commit without its body, which takes most of the time that reading it as a whole does.
 *
 * The first `,"body":` is looked for: such bytes stand in no string, whose quotes are escaped. What stands before it must
 * be a whole commit of one operation without a body, and no member of that may hold members, so that the body is its own.
 * What stands behind it must be one object or array, and then nothing but the ends of what was begun before.
 *
 * @returns `undefined` where it is not so: with several operations, deletions, or members that this version does not know.
 */
export function outlineCommit(bytes: Buffer, start: number, end: number): OutlinedCommit | undefined {
  const json = start + linePrefixLength;
  const bodyEnd = end - afterBody.length;
  if (bytes[bodyEnd] !== closingBrace || bytes[bodyEnd + 1] !== closingBracket || bytes[bodyEnd + 2] !== closingBrace)
    return undefined;
  const found = bytes.toString("latin1", json, Math.min(end, json + longestHead)).indexOf(beforeBody);
  const body = new EncodedText(bytes, json + found + beforeBody.length, bodyEnd);
  if (found < 0 || !isOneStructure(body)) return undefined;
  const line = parseLine(bytes.toString("utf8", json, json + found) + afterBody);
  if (line?.kind !== "commit") return undefined;
  const [put, ...others] = line.commit.operations;
  if (put === undefined || !("put" in put) || others.length > 0 || Object.keys(line.commit).at(-1) !== "operations")
    return undefined;
  for (const member of Object.values(put)) if (typeof member === "object") return undefined;
  return { commit: line.commit, body };
}

const quote = 0x22;
const backslash = 0x5c;
const openingBrace = 0x7b;
const closingBrace = 0x7d;
const openingBracket = 0x5b;
const closingBracket = 0x5d;

/** Whether JSON is one object or array from its first byte to its last. */
function isOneStructure({ bytes, start, end }: EncodedText): boolean {
  let depth = 0;
  let inString = false;
  for (let offset = start; offset < end; offset += 1) {
    const byte = bytes[offset];
    if (inString) {
      if (byte === backslash) offset += 1;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (byte === openingBrace || byte === openingBracket) depth += 1;
    else if (byte === closingBrace || byte === closingBracket) depth -= 1;
    if (depth === 0) return offset === end - 1 && byte !== quote;
  }
  return false;
}
