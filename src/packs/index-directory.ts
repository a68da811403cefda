import { crc32 } from "node:zlib";
import { z } from "zod";
import { HoldfastError } from "../errors.js";
import { parsedOnce } from "../files/parsed-once.js";
import { corrupt, readFully, type ReadableFile } from "./checked-file.js";
import { pageBytes } from "./id-filter.js";
import { packColumnsSchema } from "./pack-columns.js";

const count = z.number().int().nonnegative();

const tableExtentSchema = z.object({
  /** Where its first block begins; its root stands behind its last one. */
  offset: count,
  blockBytes: count,
  rootBytes: count,
  entries: count,
});

/** Where a table stands in the index. */
export type TableExtent = Readonly<z.infer<typeof tableExtentSchema>>;

/** What the index says of its pack and of itself: JSON, behind everything else. */
export const indexDirectorySchema = z.object({
  storeId: z.string(),
  collection: z.string(),
  lo: count,
  hi: count,
  documents: count,
  tombstones: count,
  packBytes: count,
  /** CRC-32 of all lines: without the index it tells whether they are the right ones, and all of them. */
  packChecksum: count,
  newestSequence: count,
  largestSchemaVersion: count,
  columns: packColumnsSchema,
  filter: z.object({ offset: count, pages: count }),
  ids: tableExtentSchema,
  created: tableExtentSchema,
  expires: tableExtentSchema,
  /** Only where an order is declared. */
  order: tableExtentSchema.optional(),
  /** One for each indexed member. */
  indexes: z.array(tableExtentSchema).readonly(),
});

export type IndexDirectory = Readonly<z.infer<typeof indexDirectorySchema>>;

const magic = "HFPACKIX";
const version = 1;
const trailerBytes = 24;
/** What opening reads at once: the trailer, and of the directory as much as there mostly is. */
const tailBytes = 4096;

/** The directory and the trailer, which are an index's last bytes. */
export function encodeDirectory(directory: IndexDirectory): Buffer {
  const json = Buffer.from(JSON.stringify(directory));
  const trailer = Buffer.alloc(trailerBytes);
  trailer.write(magic, "latin1");
  trailer.writeUInt32BE(version, 8);
  trailer.writeUInt32BE(json.length, 12);
  trailer.writeUInt32BE(crc32(json), 16);
  trailer.writeUInt32BE(crc32(trailer.subarray(0, 20)), 20);
  return Buffer.concat([json, trailer]);
}

/**
 * Reads the directory of an index: its last few kilobytes, however large it is.
 *
 * @throws HoldfastError `CORRUPT`; `UNSUPPORTED_FORMAT` if a newer version wrote it; `STORAGE_FAILED`
 */
export async function readDirectory(file: ReadableFile, indexBytes: number): Promise<IndexDirectory> {
  let tail = await readTail(file, indexBytes, Math.min(tailBytes, indexBytes));
  const length = readTrailer(file, tail, indexBytes);
  if (length + trailerBytes > tail.length) tail = await readTail(file, indexBytes, length + trailerBytes);
  const trailer = tail.subarray(tail.length - trailerBytes);
  const json = tail.subarray(tail.length - trailerBytes - length, tail.length - trailerBytes);
  if (crc32(json) !== trailer.readUInt32BE(16)) throw corrupt(file.path, indexBytes, "has a damaged directory");
  const parsed = indexDirectorySchema.safeParse(contentOf(file, json, indexBytes), parsedOnce);
  if (parsed.success) {
    const end = indexBytes - trailerBytes - length;
    if (!isCoherent(parsed.data, end)) throw corrupt(file.path, end, "has a directory that contradicts itself");
    return parsed.data;
  }
  throw HoldfastError.ofProblems(
    "CORRUPT",
    `${file.path} has a directory that says something else than it should, though its checksum holds.`,
    parsed.error.issues.map((issue) => ({ path: `/${issue.path.join("/")}`, message: issue.message })),
    { details: { path: file.path } },
  );
}

function contentOf(file: ReadableFile, json: Buffer, indexBytes: number): unknown {
  try {
    return JSON.parse(json.toString());
  } catch (error) {
    throw corrupt(file.path, indexBytes, "has a directory that is no JSON", error);
  }
}

/**
 * Whether the tables stand one behind the other, up to the directory, and have as many entries as there are documents.
 * Then no piece that is asked for is larger than the file, whoever wrote the directory.
 */
function isCoherent(directory: IndexDirectory, end: number): boolean {
  const { ids, filter, created, expires, order, indexes, documents, tombstones, columns } = directory;
  const later = [created, expires, ...(order === undefined ? [] : [order]), ...indexes];
  let position = ids.blockBytes + ids.rootBytes;
  if (ids.offset !== 0 || filter.offset !== position) return false;
  position += filter.pages * pageBytes;
  for (const { offset, blockBytes, rootBytes } of later) {
    if (offset !== position) return false;
    position += blockBytes + rootBytes;
  }
  return (
    position === end &&
    ids.entries === documents + tombstones &&
    created.entries === documents &&
    (order?.entries ?? documents) === documents &&
    later.every(({ entries }) => entries <= documents) &&
    (columns.order === null) === (order === undefined) &&
    columns.indexes.length === indexes.length
  );
}

/** @returns how long the directory is. */
function readTrailer(file: ReadableFile, tail: Buffer, indexBytes: number): number {
  const trailer = tail.subarray(Math.max(0, tail.length - trailerBytes));
  const isWhole =
    trailer.length === trailerBytes &&
    trailer.toString("latin1", 0, 8) === magic &&
    trailer.readUInt32BE(20) === crc32(trailer.subarray(0, 20));
  if (!isWhole) throw corrupt(file.path, indexBytes, "does not end as an index does");
  const written = trailer.readUInt32BE(8);
  if (written > version) {
    throw new HoldfastError(
      "UNSUPPORTED_FORMAT",
      `${file.path} has format ${written}; this program knows ${version}.`,
      {
        details: { path: file.path, format: written },
      },
    );
  }
  const length = trailer.readUInt32BE(12);
  if (length + trailerBytes > indexBytes) throw corrupt(file.path, indexBytes, "is shorter than its directory");
  return length;
}

async function readTail(file: ReadableFile, indexBytes: number, length: number): Promise<Buffer> {
  const tail = Buffer.allocUnsafe(length);
  await readFully(file, tail, length, indexBytes - length);
  return tail;
}
