import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/**
 * The name of a file that is named for an id. Lower-case letters, digits, `-` and `_` stand for themselves, as does `.`
 * inside the name; every other byte of the id's UTF-8 becomes `%` and two hex digits, upper-case letters too, so that ids
 * which differ only in case are two files on every file system. A name that would be too long keeps its beginning and
 * ends in `~` and the id's SHA-256; `~` stands in no other name.
 */
const longestName = 180;
const keptOfLongNames = 100;

export function safeName(id: string): string {
  const escaped = escapeId(id);
  if (escaped.length <= longestName) return escaped;
  const digest = createHash("sha256").update(id).digest("hex");
  return `${escaped.slice(0, keptOfLongNames)}~${digest}`;
}

/** @returns the id, if the name tells it whole; `undefined` if it was shortened or is no name of {@link safeName}. */
export function idOfSafeName(name: string): string | undefined {
  if (name.includes("~")) return undefined;
  try {
    return decodeURIComponent(name);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** Which of 256 folders the file lies in: some file systems slow down with many names in one. */
export function shardOf(fileName: string): string {
  return (crc32(fileName) & 0xff).toString(16).padStart(2, "0");
}

const plainId = /^[a-z0-9_-][a-z0-9_.-]*$/;

function escapeId(id: string): string {
  if (plainId.test(id)) return id;
  let escaped = "";
  for (const [index, byte] of Buffer.from(id).entries()) {
    const isPlain =
      (byte >= 0x61 && byte <= 0x7a) ||
      (byte >= 0x30 && byte <= 0x39) ||
      byte === 0x2d ||
      byte === 0x5f ||
      (byte === 0x2e && index > 0);
    escaped += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, "0")}`;
  }
  return escaped;
}
