import { z } from "zod";
import { defineCollection } from "../product.js";

export interface Note {
  readonly text: string;
  readonly tag?: string | undefined;
  readonly count?: number | undefined;
}

const schema: z.ZodType<Note> = z.looseObject({
  text: z.string(),
  tag: z.string().optional(),
  count: z.number().optional(),
});

/** The collections of the workloads. */
export const notes = defineCollection<Note>({ name: "notes", schema, indexes: { tag: { path: "tag" } } });
/** The notes as an earlier version of the program declared them, with another index. */
export const formerNotes = defineCollection<Note>({ name: "notes", schema, indexes: { count: { path: "count" } } });
export const ledgers = defineCollection<Note>({ name: "ledgers", schema });
/** Only the checks write here: whether writing goes on after a recovery. */
export const probes = defineCollection<Note>({ name: "probes", schema });

export const workloadCollections = [notes, ledgers, probes];

/** Small limits, so that a few dozen writes change segments, checkpoint and prune. Nothing begins by the time. */
export const smallStore = {
  firstSegmentBytes: 16 * 1024,
  segmentBytes: 16 * 1024,
  deleteReserveBytes: 1024,
  checkpointBytes: 4 * 1024,
  journalRetainBytes: 0,
  cacheBytes: 0,
  checkpointIdleMs: 3_600_000,
  sweepMs: 3_600_000,
  heartbeatMs: 3_600_000,
} as const;

/** Bounds so small that a few dozen documents are packed, and packs merge. */
export const packing = { packAtDocuments: 4, looseLimit: 6, mergeFactor: 2 } as const;
