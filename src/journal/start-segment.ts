import { join } from "node:path";
import { writeFully, type FileSystem, type OpenFile } from "../files/file-system.js";
import { encodeLine, journalFormat, lineBound, type SegmentHeader } from "./record.js";
import { formatSegmentName } from "./segment-name.js";
import type { PreparedSegment } from "./segment-supply.js";

/** The segment that is written to. */
export interface CurrentSegment {
  readonly name: string;
  readonly file: OpenFile;
  readonly size: number;
  position: number;
}

interface StartOptions {
  readonly fileSystem: FileSystem;
  /** The folder of the segments. */
  readonly directory: string;
  readonly storeId: string;
  readonly epoch: number;
  /** What is kept back for deletions. */
  readonly reserveBytes: number;
}

/**
 * Makes a prepared file a segment: header first, then its name, then the folder synced. A crash before the rename
 * leaves a temporary file; after it, a segment that is whole and empty. No record is written before the name is durable.
 *
 * @param first the sequence number of its first commit.
 * @param previous the segment that this one seals, and at which length.
 * @param bytes for which it must have room, beside what is kept back for deletions.
 * @throws the system's error.
 */
export async function startSegment(
  options: StartOptions,
  take: (atLeastBytes: number) => Promise<PreparedSegment>,
  first: number,
  previous: SegmentHeader["previous"],
  bytes: number,
): Promise<CurrentSegment> {
  const header: SegmentHeader = {
    format: journalFormat,
    storeId: options.storeId,
    epoch: options.epoch,
    first,
    previous,
  };
  const json = JSON.stringify(header);
  const buffer = Buffer.allocUnsafe(lineBound(json));
  const length = encodeLine(buffer, 0, json);
  const prepared = await take(length + bytes + options.reserveBytes);
  const name = formatSegmentName({ epoch: options.epoch, first });
  const path = join(options.directory, name);
  const file = await options.fileSystem.open(prepared.path, "write-through");
  try {
    await writeFully(file, buffer.subarray(0, length), 0);
    await options.fileSystem.rename(prepared.path, path);
    await options.fileSystem.syncDirectory(options.directory);
  } catch (error) {
    await file.close();
    await options.fileSystem.remove(prepared.path).catch((removal: unknown) => {
      // Already renamed, or gone with the directory; the first error is the one to tell.
      if (error instanceof Error) error.cause ??= removal;
    });
    throw error;
  }
  return { name, file, size: prepared.size, position: length };
}
