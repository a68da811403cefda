import { join } from "node:path";
import type { FileSystem, OpenFile } from "../files/file-system.js";
import type { ListedSegment } from "./list-segments.js";
import { isBlank } from "./scan-segment.js";

/** The content of a segment. */
export interface SegmentBytes {
  /** How long the file is. */
  readonly size: number;
  /** Where it was sealed, if its successor says so. */
  readonly sealed: number | undefined;
  /** What counts of it; zeros at its end may be left out. */
  readonly bytes: Buffer;
}

/** Where a segment was sealed; `undefined` if its successor does not say so. */
export function sealedLength(segment: ListedSegment, next: ListedSegment | undefined): number | undefined {
  const previous = next?.header?.previous;
  return previous?.segment === segment.name ? previous.length : undefined;
}

/**
 * Reads a segment. A sealed one is full of lines up to its seal.
 *
 * @param chunk what is read of the others goes through here, a part at a time.
 */
export async function readSegmentBytes(
  fileSystem: FileSystem,
  directory: string,
  segment: ListedSegment,
  next: ListedSegment | undefined,
  chunk: Buffer,
): Promise<SegmentBytes> {
  const sealed = sealedLength(segment, next);
  const file = await fileSystem.open(join(directory, segment.name), "read");
  try {
    const size = await file.size();
    const bytes = Buffer.alloc(Math.min(size, sealed ?? size));
    const end = sealed === undefined ? await readWithoutZeros(file, bytes, chunk) : await readAll(file, bytes);
    return { size, sealed, bytes: bytes.subarray(0, end) };
  } finally {
    await file.close();
  }
}

/** @returns how much there is: less where another process has cut the file since it was measured. */
async function readAll(file: OpenFile, bytes: Buffer): Promise<number> {
  let end = 0;
  while (end < bytes.length) {
    const count = await file.read(bytes, end, bytes.length - end, end);
    if (count === 0) break;
    end += count;
  }
  return end;
}

/**
 * Most of the last segment may be the zeros of its preallocation: they are looked at, since bytes may stand behind them,
 * and not kept: pages of fresh memory that nothing is written to take no room.
 *
 * @returns where the zeros begin that nothing stands behind, or a little after that.
 */
async function readWithoutZeros(file: OpenFile, bytes: Buffer, chunk: Buffer): Promise<number> {
  let end = 0;
  for (let position = 0; position < bytes.length;) {
    const count = await file.read(chunk, 0, Math.min(chunk.length, bytes.length - position), position);
    // Cut by another process since it was measured.
    if (count === 0) break;
    const read = chunk.subarray(0, count);
    if (!isBlank(read)) end = position + read.copy(bytes, position);
    position += count;
  }
  return end;
}
