import { crc32 } from "node:zlib";
import { HoldfastError } from "../errors.js";
import { checksumDigits as digits, readChecksum, writeChecksum } from "./checksum-digits.js";

/**
 * Small JSON files with a checksum: one object whose last member is `"checksum"`, CRC-32 in eight hex digits over every
 * byte of the file but those eight.
 */
const beforeDigits = ',"checksum":"';
const afterDigits = '"}\n';

/** @param content an object with at least one member, none of them called `checksum`. */
export function sealJson(content: object): Buffer {
  const bytes = Buffer.from(
    `${JSON.stringify(content).slice(0, -1)}${beforeDigits}${"0".repeat(digits)}${afterDigits}`,
  );
  writeChecksum(bytes, digitsAt(bytes), checksumOf(bytes));
  return bytes;
}

/** @throws HoldfastError `CORRUPT` if the bytes are not what {@link sealJson} wrote. */
export function unsealJson(bytes: Buffer, path: string): Record<string, unknown> {
  if (!isSealed(bytes)) {
    throw new HoldfastError("CORRUPT", `${path} does not match its checksum.`, { details: { path } });
  }
  try {
    return JSON.parse(bytes.toString("utf8")) as Record<string, unknown>;
  } catch (error) {
    throw new HoldfastError("CORRUPT", `${path} is not JSON, though its checksum holds.`, {
      cause: error,
      details: { path },
    });
  }
}

/** Whether the bytes match their checksum. */
export function isSealed(bytes: Buffer): boolean {
  const at = digitsAt(bytes);
  return at >= beforeDigits.length && readChecksum(bytes, at) === checksumOf(bytes);
}

function digitsAt(bytes: Buffer): number {
  return bytes.length - afterDigits.length - digits;
}

function checksumOf(bytes: Buffer): number {
  const at = Math.max(0, digitsAt(bytes));
  return crc32(bytes.subarray(at + digits), crc32(bytes.subarray(0, at)));
}
