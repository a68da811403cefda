import type { OpenStateDirectoryOptions } from "holdfast";

/**
 * Everything a store does from time to time, it does within the tens of milliseconds that a life lasts: segments of the
 * least size, a checkpoint every few segments and whenever nobody writes, packs of a few documents that are merged two by
 * two, a sweep for what has expired. Of the journal so
 * much is kept that the next account reaches back to the last one.
 */
export const writerSettings = {
  checkpointBytes: 48 * 1024,
  checkpointIdleMs: 20,
  journalRetainBytes: 2 * 1024 * 1024,
  firstSegmentBytes: 16 * 1024,
  segmentBytes: 32 * 1024,
  packAtDocuments: 6,
  looseLimit: 4,
  mergeFactor: 2,
  sweepMs: 20,
} as const satisfies Partial<OpenStateDirectoryOptions>;
