import { getHeapStatistics } from "node:v8";
import { z } from "zod";
import { HoldfastError } from "../errors.js";
import { parsedOnce } from "../files/parsed-once.js";

const mebibyte = 1024 * 1024;

/**
 * What is kept of documents lies in the heap of the runtime, so it may take a sixteenth of what that may grow to, which
 * follows the machine's or the container's memory; 256 MiB is enough for a hundred thousand documents of 1 KB.
 */
function usualCacheBytes(): number {
  return Math.round(Math.min(256 * mebibyte, getHeapStatistics().heap_size_limit / 16));
}

/** What can be set of a store. Every number's unit stands in its name. */
export const storeOptionsSchema = z.strictObject({
  /** How long to wait for a living holder to leave. */
  waitMs: z.number().min(0).default(0),
  /** `"paused"`: take over a holder that lives but has shown no sign of it for `staleAfterMs`. */
  takeOver: z.literal("paused").optional(),
  heartbeatMs: z.number().min(10).default(2_000),
  staleAfterMs: z.number().min(50).default(10_000),
  /** What to do on a network file system, where exclusive creation and renames may not be what they seem. */
  networkFileSystem: z.enum(["refuse", "warn"]).default("refuse"),
  /** A checkpoint begins when so many bytes have been journaled since the last one ... */
  checkpointBytes: z
    .int()
    .min(1024)
    .default(8 * 1024 * 1024),
  /** ... or when nothing has been written for so long. */
  checkpointIdleMs: z.number().min(0).default(1_000),
  /** Writers are slowed down when so many journaled bytes wait for a checkpoint. */
  journalLimitBytes: z
    .int()
    .min(1024)
    .default(512 * 1024 * 1024),
  /** So much of the journal is kept behind a checkpoint, for those who follow changes; none of it on a full disk. */
  journalRetainBytes: z
    .int()
    .min(0)
    .default(16 * 1024 * 1024),
  firstSegmentBytes: z
    .int()
    .min(16 * 1024)
    .default(1024 * 1024),
  /** The last one is read to its end when the directory is opened, what a checkpoint covers of it too. */
  segmentBytes: z
    .int()
    .min(16 * 1024)
    .default(8 * 1024 * 1024),
  /** The end of a segment that only deletions may use while the disk is full. */
  deleteReserveBytes: z
    .int()
    .min(1024)
    .default(64 * 1024),
  /** The largest body, as JSON. */
  documentBytes: z
    .int()
    .min(1)
    .default(16 * 1024 * 1024),
  /** The most bytes of all bodies in one transaction. */
  transactionBytes: z
    .int()
    .min(1)
    .default(64 * 1024 * 1024),
  /** How deep a body may nest. */
  depth: z.int().min(1).max(1_000).default(100),
  /** A checkpoint that moves so many documents of a collection writes them as one pack ... */
  packAtDocuments: z.int().min(1).default(256),
  /** ... and so does one after which the collection would have more files of single documents than this. */
  looseLimit: z.int().min(0).default(512),
  /** So many packs of about the same size are merged into one, in the background. */
  mergeFactor: z.int().min(2).default(4),
  /** What merging may read and write in a second, in bytes, so that it leaves the disk to commits. */
  mergeBytesPerSecond: z
    .int()
    .min(64 * 1024)
    .default(64 * 1024 * 1024),
  /** Blocks of the packs' indexes kept in memory. */
  indexCacheBytes: z
    .int()
    .min(64 * 1024)
    .default(64 * mebibyte),
  /** Documents kept in memory, as text. A sixteenth of the largest heap by default, and at most 256 MiB. */
  cacheBytes: z.int().min(0).default(usualCacheBytes),
  /** How often expired documents are removed. */
  sweepMs: z.number().min(10).default(30_000),
});

export type StoreOptions = z.infer<typeof storeOptionsSchema>;
export type StoreOptionsInput = z.input<typeof storeOptionsSchema>;

/** @throws HoldfastError `INVALID_CONFIG`, every problem listed */
export function parseStoreOptions(input: unknown): StoreOptions {
  const parsed = storeOptionsSchema.safeParse(input, parsedOnce);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => ({ path: `/${issue.path.join("/")}`, message: issue.message }));
  throw HoldfastError.ofProblems("INVALID_CONFIG", "The options of the state directory are not valid.", problems);
}
