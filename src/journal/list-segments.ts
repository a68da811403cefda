import { join } from "node:path";
import { HoldfastError } from "../errors.js";
import type { FileSystem } from "../files/file-system.js";
import { isAbsent } from "../files/node-file-system.js";
import { decodeLine, journalFormat, type SegmentHeader } from "./record.js";
import { compareSegmentNames, parseSegmentName } from "./segment-name.js";

/** What name, length and header say of a segment. */
export interface ListedSegment {
  readonly name: string;
  readonly epoch: number;
  readonly first: number;
  /** `undefined` if it can not be read. */
  readonly header: SegmentHeader | undefined;
  readonly size: number;
}

const headerBytes = 4096;

/**
 * Lists the segments of a folder, whoever they belong to, in the order of their names.
 *
 * @param mayShrink whether a checkpoint may remove segments meanwhile. The oldest goes first: with one that is gone, all
 * before it are.
 * @throws HoldfastError `UNSUPPORTED_FORMAT` if a newer version wrote one of them
 */
export async function listSegments(
  fileSystem: FileSystem,
  directory: string,
  mayShrink: boolean,
): Promise<ListedSegment[]> {
  if ((await fileSystem.status(directory)) === undefined) return [];
  const entries = await fileSystem.readDirectory(directory);
  const names = entries
    .filter(({ kind }) => kind === "file")
    .map(({ name }) => name)
    .sort(compareSegmentNames);
  let segments: ListedSegment[] = [];
  for (const name of names) {
    const parsed = parseSegmentName(name);
    if (parsed === undefined) continue;
    try {
      segments.push({ name, ...parsed, ...(await readBeginning(fileSystem, join(directory, name))) });
    } catch (error) {
      if (!mayShrink || !isAbsent(error)) throw error;
      segments = [];
    }
  }
  return segments;
}

async function readBeginning(fileSystem: FileSystem, path: string): Promise<Pick<ListedSegment, "header" | "size">> {
  const file = await fileSystem.open(path, "read");
  try {
    const buffer = Buffer.alloc(headerBytes);
    const bytes = buffer.subarray(0, await file.read(buffer, 0, headerBytes, 0));
    return { header: headerOf(bytes, path), size: await file.size() };
  } finally {
    await file.close();
  }
}

function headerOf(bytes: Buffer, path: string): SegmentHeader | undefined {
  const end = bytes.indexOf(0x0a);
  const line = end < 0 ? undefined : decodeLine(bytes, 0, end);
  if (line?.kind !== "header") return undefined;
  const { format } = line.header;
  if (format <= journalFormat) return line.header;
  throw new HoldfastError(
    "UNSUPPORTED_FORMAT",
    `${path} has journal format ${format}; this version knows up to ${journalFormat}. Open it with the version that wrote it.`,
    { details: { path, format } },
  );
}
