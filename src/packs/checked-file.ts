import { crc32 } from "node:zlib";
import { HoldfastError } from "../errors.js";
import type { OpenFile } from "../files/file-system.js";
import { storageError } from "../files/storage-error.js";

/** The half of an open file that a pack needs once it is written. */
export type ReadableFile = Pick<OpenFile, "path" | "read" | "readNow" | "size" | "close">;

/** Every piece of an index begins with the checksum of the rest of it. */
export const checksumBytes = 4;

/**
 * CRC-32 of a piece behind its first four bytes. It begins from where in the file the piece stands, so that a piece that
 * a disk wrote to, or reads from, a wrong place does not pass.
 */
export function pieceChecksum(piece: Buffer, position: number): number {
  return crc32(piece.subarray(checksumBytes), position % 0x1_0000_0000);
}

/**
 * Reads a piece of an index, from the system's memory mostly.
 *
 * @throws HoldfastError `CORRUPT` if it is not what was written there; `STORAGE_FAILED` if it can not be read.
 */
export function readPieceNow(file: ReadableFile, position: number, length: number): Buffer {
  const piece = Buffer.allocUnsafeSlow(length);
  readFullyNow(file, piece, length, position);
  checkPiece(file, piece, position);
  return piece;
}

/** Files of which a piece was found damaged: whoever can make them anew should. */
const damagedFiles = new WeakSet<ReadableFile>();

export function isKnownDamaged(file: ReadableFile): boolean {
  return damagedFiles.has(file);
}

/** @throws HoldfastError `CORRUPT` */
export function checkPiece(file: ReadableFile, piece: Buffer, position: number): void {
  if (piece.length < checksumBytes || piece.readUInt32BE(0) !== pieceChecksum(piece, position)) {
    damagedFiles.add(file);
    throw corrupt(file.path, position, "does not match its checksum");
  }
}

/** @throws HoldfastError `CORRUPT` if the file ends too soon; `STORAGE_FAILED` if it can not be read. */
export function readFullyNow(file: ReadableFile, buffer: Buffer, length: number, position: number): void {
  let read = 0;
  while (read < length) {
    let count: number;
    try {
      count = file.readNow(buffer, read, length - read, position + read);
    } catch (error) {
      throw storageError(error, "read a pack", file.path);
    }
    if (count <= 0) throw corrupt(file.path, position + read, "ends too soon");
    read += count;
  }
}

/** {@link readFullyNow} without holding up the thread. */
export async function readFully(file: ReadableFile, buffer: Buffer, length: number, position: number): Promise<void> {
  let read = 0;
  while (read < length) {
    let count: number;
    try {
      count = await file.read(buffer, read, length - read, position + read);
    } catch (error) {
      throw storageError(error, "read a pack", file.path);
    }
    if (count <= 0) throw corrupt(file.path, position + read, "ends too soon");
    read += count;
  }
}

export function corrupt(path: string, offset: number, what: string, cause?: unknown): HoldfastError {
  return new HoldfastError("CORRUPT", `${path} ${what}, at byte ${offset}.`, { cause, details: { path, offset } });
}
