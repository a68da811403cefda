import type { Tolerance } from "./judgement.js";

export type Unit = "bytes" | "count" | "milliseconds";

/** Something that is measured again and again, and how much of a difference is none. */
export interface Figure {
  readonly name: string;
  readonly unit: Unit;
  /** Absent: judged by its limit; without one, shown and not judged, with the reason in `why`. */
  readonly tolerance?: Tolerance;
  /** For what grows up to a known number and then stays: no single measurement may lie above it. */
  readonly limit?: number;
  /** Why this tolerance. */
  readonly why: string;
  /** Whether it includes what is kept in memory on purpose, so that it means something only once that is full. */
  readonly fillsUp?: boolean;
}

/** The most commits that a store keeps in memory for those who follow changes. Until so many were made, memory grows. */
export const commitsUntilFull = 8_192;

const MiB = 1024 * 1024;

/** Of every process. */
export const processFigures = {
  liveHeap: {
    name: "live heap",
    unit: "bytes",
    tolerance: { absolute: 2 * MiB, share: 0.05 },
    why: "Read behind a full collection, so what is left is what is reachable. The newest commits are kept in memory and go in batches of 4,096, some MiB: a quarter may have half a batch more than another.",
    fillsUp: true,
  },
  outsideHeap: {
    name: "buffers outside the heap",
    unit: "bytes",
    tolerance: { absolute: 8 * MiB, share: 0.1 },
    why: "Array buffers and what C++ holds for JavaScript: bodies of requests, and the journal and files as they are read, by the piece of up to some MiB.",
    fillsUp: true,
  },
  resident: {
    name: "resident memory",
    unit: "bytes",
    tolerance: { absolute: 16 * MiB, share: 0.1 },
    why: "The allocator gives pages back late and in large pieces, and the heap has room to spare; what leaks shows sharper in the live heap.",
    fillsUp: true,
  },
  descriptors: {
    name: "open descriptors",
    unit: "count",
    tolerance: { absolute: 2, share: 0 },
    why: "Connections and files under way come and go by a few, on average by none.",
  },
  packDescriptors: {
    name: "open files of packs",
    unit: "count",
    tolerance: { absolute: 16, share: 0.25 },
    why: "Two for each pack, and the number of packs is a saw; what a merge replaced is closed when nobody reads it any more.",
  },
  resources: {
    name: "active resources",
    unit: "count",
    tolerance: { absolute: 5, share: 0 },
    why: "Timers, sockets, watches and requests, as Node counts them: as many as there is work, on average the same.",
  },
  eventLoopDelay: {
    name: "event loop delay, p99",
    unit: "milliseconds",
    why: "Shown only: what else the machine does is part of it.",
  },
} as const satisfies Record<string, Figure>;

/** Of the state directory. */
export const stateFigures = {
  documents: {
    name: "living documents",
    unit: "count",
    tolerance: { absolute: 30, share: 0.1 },
    why: "The traffic keeps their number, but for what is under way.",
  },
  filesPerDocument: {
    name: "files per living document",
    unit: "count",
    tolerance: { absolute: 0.1, share: 0.1 },
    why: "The journal aside; packs and their indexes included. A checkpoint may not have removed yet what was deleted a moment ago.",
  },
  bytesPerDocument: {
    name: "bytes per living document",
    unit: "bytes",
    tolerance: { absolute: 512, share: 0.15 },
    why: "The journal and uploaded bytes aside. Bodies differ in length, and see the bytes of packs.",
  },
  packs: {
    name: "packs",
    unit: "count",
    tolerance: { absolute: 8, share: 0.25 },
    why: "Each checkpoint may add one to each collection, and a merge takes some away: a saw with a tooth for each collection.",
  },
  packBytesPerDocument: {
    name: "pack bytes per living document",
    unit: "bytes",
    tolerance: { absolute: 512, share: 0.25 },
    why: "Indexes included. What a newer pack replaces or deletes stays until a merge, and while that is at work there are both.",
  },
  blobFiles: {
    name: "files of uploads",
    unit: "count",
    tolerance: { absolute: 5, share: 0.1 },
    why: "As many as there are uploads, those under way and those that a kill cut off included.",
  },
  journalBytes: {
    name: "journal bytes",
    unit: "bytes",
    tolerance: { absolute: 16 * MiB, share: 0.1 },
    why: "Segments are set aside whole, 16 MiB each, and one may be there or not.",
  },
  otherFiles: {
    name: "other files",
    unit: "count",
    tolerance: { absolute: 3, share: 0 },
    why: "Manifest, checkpoint, lock, status, reserve, and temporary files at work.",
  },
  claims: {
    name: "claims",
    unit: "count",
    limit: 66,
    why: "Each start adds one, and the newest 64 stay; one more while the next owner has not removed the oldest yet, and a file under way.",
  },
  foldersPerCollection: {
    name: "folders per collection",
    unit: "count",
    limit: 260,
    why: "256 of single documents, which stay once made, that of packs, and those around them.",
  },
  quarantineFiles: {
    name: "quarantine files",
    unit: "count",
    tolerance: { absolute: 0, share: 0 },
    why: "While nobody is killed, nothing is set aside.",
  },
} as const satisfies Record<string, Figure>;

export type ProcessFigure = keyof typeof processFigures;
export type StateFigure = keyof typeof stateFigures;
