import { join } from "node:path";
import type { FileSystem } from "../files/file-system.js";
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
 * Reads a segment. Most of the last one may be the zeros of its preallocation: they are looked at, since bytes may stand
 * behind them, and not kept: pages of fresh memory that nothing is written to take no room.
 *
 * @param chunk what is read at once goes through here.
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
    let end = 0;
    for (let position = 0; position < bytes.length;) {
      const count = await file.read(chunk, 0, Math.min(chunk.length, bytes.length - position), position);
      // Cut by another process since it was measured.
      if (count === 0) break;
      const read = chunk.subarray(0, count);
      if (!isBlank(read)) end = position + read.copy(bytes, position);
      position += count;
    }
    return { size, sealed, bytes: bytes.subarray(0, end) };
  } finally {
    await file.close();
  }
}
