import { crc32 } from "node:zlib";
import { HoldfastError } from "../errors.js";
import type { StoredText } from "../files/encoded-text.js";
import { checksumDigits as digits, readChecksum, writeChecksum } from "../files/checksum-digits.js";

/** Everything a document's file says besides its body. */
export interface Envelope {
  readonly kind: string;
  readonly schemaVersion: number;
  readonly id: string;
  readonly revision: number;
  readonly sequence: number;
  readonly createdAt: string;
  /** Where the document stands in the order of creation: the commit that created it, and its place within that commit. */
  readonly createdSequence: number;
  readonly createdIndex: number;
  readonly updatedAt: string;
  readonly expiresAt?: string;
  /** The line is a tombstone: it remembers, in a pack, that the document was deleted; its body is null. */
  readonly deleted?: true;
  /** Members this version does not know, kept as they were. */
  readonly unknown?: Readonly<Record<string, unknown>>;
}

export interface EncodedDocument {
  readonly envelope: Envelope;
  /** The body as it stands in the file. */
  readonly body: string;
}

const checksumMember = ',"checksum":"';
const bodyMember = '","body":';
const ending = "}\n";
/** Most envelopes, checksum included, take less. */
const usualHead = 512;
const noDigits = "0".repeat(digits);
const texts = ["kind", "id", "createdAt", "updatedAt"] as const;
const numbers = ["schemaVersion", "revision", "sequence", "createdSequence", "createdIndex"] as const;
const knownMembers = new Set<string>([...texts, ...numbers, "expiresAt", "deleted"]);

/** The bytes of a document's file. The checksum, CRC-32, covers every byte but its own eight digits. */
export function encodeDocument(envelope: Envelope, body: StoredText): Buffer {
  const outline = outlineDocument(envelope, body);
  const bytes = Buffer.allocUnsafe(outline.length);
  writeUnsealed(bytes, outline, body);
  sealDocument(bytes, outline.digitsAt);
  return bytes;
}

/** What is known of a document's bytes before they are written. */
export interface DocumentOutline {
  /** The envelope without its checksum and its end. */
  readonly members: string;
  /** Where the digits of the checksum stand. */
  readonly digitsAt: number;
  /** How many bytes there are. */
  readonly length: number;
}

export function outlineDocument(envelope: Envelope, body: StoredText): DocumentOutline {
  const members = JSON.stringify(envelope.unknown === undefined ? envelope : withUnknown(envelope)).slice(0, -1);
  const digitsAt = Buffer.byteLength(members) + checksumMember.length;
  const bodyBytes = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  return { members, digitsAt, length: digitsAt + digits + bodyMember.length + bodyBytes + ending.length };
}

function withUnknown({ unknown, ...known }: Envelope): object {
  return { ...known, ...unknown };
}

/** Writes a document's bytes, all but the digits of its checksum. @param target as long as the outline says. */
export function writeUnsealed(target: Buffer, { members }: DocumentOutline, body: StoredText): void {
  const bodyAt = target.write(`${members}${checksumMember}${noDigits}${bodyMember}`, "utf8");
  if (typeof body === "string") target.write(body, bodyAt, "utf8");
  else body.bytes.copy(target, bodyAt, body.start, body.end);
  target.write(ending, target.length - ending.length, "latin1");
}

/** Sets the digits of the checksum. */
export function sealDocument(bytes: Buffer, digitsAt: number): void {
  writeChecksum(bytes, digitsAt, checksumOf(bytes, digitsAt));
}

/**
 * Reads a document's file.
 *
 * @throws HoldfastError `CORRUPT` if any byte is not as it was written, or if it is a tombstone: a document that was
 * deleted has no file.
 */
export function decodeDocument(bytes: Buffer, path: string): EncodedDocument {
  const document = decodeLine(bytes, path);
  if (document.envelope.deleted === true) {
    throw new HoldfastError("CORRUPT", `${path} is the tombstone of a document, which has no file.`, {
      details: { path },
    });
  }
  return document;
}

/**
 * Reads a line of a pack, which is a document or the tombstone of one.
 *
 * @param where it stands, for the message.
 * @throws HoldfastError `CORRUPT` if any byte is not as it was written.
 */
export function decodeLine(line: Buffer, where: string): EncodedDocument {
  // One text, of which the body is a part that shares its characters: to decode it twice, or to copy a part, would cost
  // as much as to read it.
  const text = line.toString("utf8");
  const hasCharacterPerByte = text.length === line.length;
  const checkedAt = checkedChecksum(line, findChecksum(hasCharacterPerByte ? text : line.toString("latin1")), where);
  const at = hasCharacterPerByte ? checkedAt : findChecksum(text);
  const body = text.slice(at + digits + bodyMember.length, -ending.length);
  const envelope = parseEnvelope(`${text.slice(0, at - checksumMember.length)}}`, where);
  if (envelope.deleted === true && body !== "null") {
    throw new HoldfastError("CORRUPT", `${where} is a tombstone that has a body.`, { details: { path: where } });
  }
  return { envelope, body };
}

/**
 * Checks a document's bytes without reading what they say.
 *
 * @throws HoldfastError `CORRUPT` if any byte is not as it was written.
 */
export function checkLine(line: Buffer, where: string): void {
  const inHead = findChecksum(line.toString("latin1", 0, usualHead));
  checkedChecksum(line, inHead < 0 ? findChecksum(line.toString("latin1")) : inHead, where);
}

/** @param at where the digits stand; -1 if nowhere. @returns the same. */
function checkedChecksum(bytes: Buffer, at: number, path: string): number {
  if (at < 0 || readChecksum(bytes, at) !== checksumOf(bytes, at)) {
    throw new HoldfastError("CORRUPT", `${path} does not match its checksum.`, { details: { path } });
  }
  return at;
}

function parseEnvelope(json: string, path: string): Envelope {
  let members: Record<string, unknown>;
  try {
    members = JSON.parse(json) as Record<string, unknown>;
  } catch (error) {
    throw new HoldfastError("CORRUPT", `${path} has no readable envelope.`, { cause: error, details: { path } });
  }
  if (!isEnvelope(members)) {
    throw new HoldfastError("CORRUPT", `${path} has an envelope without all its members.`, { details: { path } });
  }
  if (hasOnlyKnown(members)) return members as unknown as Envelope;
  const unknown = Object.entries(members).filter(([name]) => !knownMembers.has(name));
  const known = Object.entries(members).filter(([name]) => knownMembers.has(name));
  return { ...(Object.fromEntries(known) as unknown as Envelope), unknown: Object.fromEntries(unknown) };
}

/** Loops, because reading a document from a pack costs little more than this. */
function isEnvelope(members: Record<string, unknown>): boolean {
  for (const name of texts) if (typeof members[name] !== "string") return false;
  for (const name of numbers) if (!Number.isSafeInteger(members[name])) return false;
  return members["deleted"] === undefined || members["deleted"] === true;
}

function hasOnlyKnown(members: Record<string, unknown>): boolean {
  for (const name in members) if (!knownMembers.has(name)) return false;
  return true;
}

/**
 * Where the digits stand; -1 if nowhere. Quotes inside strings are escaped, so this text occurs in no string of the
 * envelope. A text is searched much quicker than bytes are.
 */
function findChecksum(text: string): number {
  for (let from = 0; ;) {
    const found = text.indexOf(checksumMember, from);
    if (found < 0) return -1;
    const at = found + checksumMember.length;
    if (text.startsWith(bodyMember, at + digits)) return at;
    from = at;
  }
}

function checksumOf(bytes: Buffer, at: number): number {
  return crc32(bytes.subarray(at + digits), crc32(bytes.subarray(0, at)));
}
