/** Where a document's line stands and what of it is needed without reading it, as the table of ids holds it. */
export const idPayloadBytes = 23;

const at = { offset: 0, length: 6, sequence: 10, expires: 16, flags: 22 } as const;
const tombstone = 1;
/** The last millisecond that six bytes can say, in the year 10889. */
const latest = 2 ** 48 - 1;

export interface IdPayload {
  readonly offset: number;
  readonly length: number;
  readonly sequence: number;
  readonly expiresAtMs: number;
  readonly deleted: boolean;
}

export function writeIdPayload(bytes: Buffer, payload: IdPayload): void {
  bytes.writeUIntBE(payload.offset, at.offset, 6);
  bytes.writeUInt32BE(payload.length, at.length);
  bytes.writeUIntBE(payload.sequence, at.sequence, 6);
  const { expiresAtMs } = payload;
  bytes.writeUIntBE(expiresAtMs === Infinity ? 0 : expiresAtMs, at.expires, 6);
  bytes[at.flags] = payload.deleted ? tombstone : 0;
}

/**
 * A time of expiry as an index can hold it: what is past in 1970 is past for good, and what lies behind the year 10889
 * counts as then. What is no time at all is never.
 */
export function storableExpiry(expiresAtMs: number): number {
  if (expiresAtMs === Infinity || Number.isNaN(expiresAtMs)) return Infinity;
  return Math.min(latest, Math.max(1, Math.ceil(expiresAtMs)));
}

export function offsetIn(bytes: Buffer, from: number): number {
  return readUint48(bytes, from + at.offset);
}

export function lengthIn(bytes: Buffer, from: number): number {
  return readUint32(bytes, from + at.length);
}

export function sequenceIn(bytes: Buffer, from: number): number {
  return readUint48(bytes, from + at.sequence);
}

export function expiryIn(bytes: Buffer, from: number): number {
  const expiresAtMs = readUint48(bytes, from + at.expires);
  return expiresAtMs === 0 ? Infinity : expiresAtMs;
}

export function isTombstone(bytes: Buffer, from: number): boolean {
  return bytes[from + at.flags] === tombstone;
}

function readUint32(bytes: Buffer, from: number): number {
  return (
    (bytes[from] as number) * 0x1_00_00_00 +
    (((bytes[from + 1] as number) << 16) | ((bytes[from + 2] as number) << 8) | (bytes[from + 3] as number))
  );
}

function readUint48(bytes: Buffer, from: number): number {
  return (((bytes[from] as number) << 8) | (bytes[from + 1] as number)) * 0x1_0000_0000 + readUint32(bytes, from + 2);
}
