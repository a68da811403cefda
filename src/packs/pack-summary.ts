import { z } from "zod";
import type { IndexDirectory } from "./index-directory.js";

const count = z.number().int().nonnegative();

/** What `checkpoint.json` records of a live pack. */
export const packSummarySchema = z.object({
  /** The first and the last commit that it covers; they are its name. */
  lo: count,
  hi: count,
  /** How many documents it holds, tombstones not counted. */
  documents: count,
  /** How many deletions it remembers. */
  tombstones: count,
  packBytes: count,
  /** CRC-32 of the lines. */
  packChecksum: count,
  indexBytes: count,
  /** The newest commit that wrote a line of it; 0 for an empty pack. */
  newestSequence: count,
  /** The newest schema version among its documents; 0 without documents. */
  largestSchemaVersion: count,
});

export type PackSummary = Readonly<z.infer<typeof packSummarySchema>>;

/** The summary of an index of so many bytes. */
export function summaryOf(directory: IndexDirectory, indexBytes: number): PackSummary {
  const { lo, hi, documents, tombstones, packBytes, packChecksum, newestSequence, largestSchemaVersion } = directory;
  return { lo, hi, documents, tombstones, packBytes, packChecksum, indexBytes, newestSequence, largestSchemaVersion };
}
