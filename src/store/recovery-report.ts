import { z } from "zod";
import { reconciliationSchema } from "../collections/index.js";

/** One thing recovery found damaged, what it did about it, and what that cost. */
export const damageSchema = z.looseObject({
  /** Relative to the state directory. */
  file: z.string(),
  kind: z.enum(["manifest", "checkpoint", "journal", "document", "pack", "claim", "foreign"]),
  /** What was wrong, for people. */
  detail: z.string(),
  /** First damaged byte and how many, where that is known. */
  offset: z.int().optional(),
  length: z.int().optional(),
  /** Where the bytes were set aside, relative to the state directory. */
  quarantined: z.string().optional(),
  /** Whether the content was restored from another copy. */
  repaired: z.boolean(),
});

export const lostDocumentSchema = z.looseObject({ collection: z.string(), id: z.string() });

/** Both ends belong to the range. */
export const lostSequencesSchema = z.looseObject({ first: z.int(), last: z.int() });

/** What a recovery did: written to `status/recovery.json`, and `state.recovery` in the library. */
export const recoveryReportSchema = z.looseObject({
  format: z.literal(1),
  storeId: z.string(),
  epoch: z.int(),
  pid: z.int(),
  host: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
  durationMs: z.number(),
  /**
   * `created`: a new directory. `clean`: the previous writer had left everything in order. `recovered`: it had not, and
   * nothing acknowledged is missing. `degraded`: acknowledged data is missing; what, is listed.
   */
  outcome: z.enum(["created", "clean", "recovered", "degraded"]),
  takeover: z.looseObject({
    /** How the directory became free. `paused`: the holder lived, and the caller asked to take over all the same. */
    how: z.enum(["unclaimed", "released", "dead", "stale", "paused"]),
    previousEpoch: z.int().nullable(),
    previousPid: z.int().nullable(),
    previousHost: z.string().nullable(),
    waitedMs: z.number(),
  }),
  checkpointSequence: z.int(),
  lastSequence: z.int(),
  documents: z.int(),
  journal: z.looseObject({
    segments: z.int(),
    /** Commits above the checkpoint, applied again. */
    replayed: z.int(),
    replayedOperations: z.int(),
    /** Never acknowledged, cut. Not a loss. */
    tornTails: z.array(
      z.looseObject({ file: z.string(), offset: z.int(), length: z.int(), quarantined: z.string().optional() }),
    ),
  }),
  damage: z.array(damageSchema),
  lostSequences: z.array(lostSequencesSchema),
  lostDocuments: z.array(lostDocumentSchema),
  removedTemporaryFiles: z.int(),
  /** What the surfaces put in order of what the previous owner had left undone. */
  reconciled: z.array(reconciliationSchema),
  /** What an operator should know but that cost nothing. */
  warnings: z.array(z.string()),
});

export type Damage = z.infer<typeof damageSchema>;
export type RecoveryReport = z.infer<typeof recoveryReportSchema>;
