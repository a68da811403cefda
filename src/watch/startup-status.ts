import { z } from "zod";

/**
 * The phases in their natural order. Names and wire fields are those of vLLM Semantic Router's `router-runtime.json`;
 * what Holdfast adds stands beside them.
 */
export const startupPhases = [
  "starting",
  "recovering",
  "checking_models",
  "downloading_models",
  "initializing_models",
  "ready",
  "degraded",
  "error",
  "stopping",
  "stopped",
] as const;

export const startupPhaseSchema = z.enum(startupPhases);
export type StartupPhase = z.infer<typeof startupPhaseSchema>;

/** One change of phase. It names its run, so that a watcher that missed a whole run can still tell what happened in it. */
export const startupTransitionSchema = z.looseObject({
  sequence: z.int().describe("Grows over all runs of the directory, so a watcher can tell what it has missed."),
  run_id: z.string(),
  boot_count: z.int(),
  pid: z.int(),
  host: z.string(),
  report: z.int().describe("Which report of its run made the change."),
  phase: startupPhaseSchema,
  ready: z.boolean(),
  at: z.string(),
  message: z.string().optional(),
  stale: z
    .boolean()
    .optional()
    .describe("True for the end of a run that did not report it itself: it was found dead by the next one."),
});
export type StartupTransition = z.infer<typeof startupTransitionSchema>;

export const modelProgressSchema = z.looseObject({
  model: z.string(),
  bytes: z.int(),
  total_bytes: z.int().optional(),
  percent: z.number().min(0).max(100).optional(),
});

export const embeddingProviderSchema = z.looseObject({
  mode: z.string().optional(),
  backend: z.string().optional(),
  model: z.string().optional(),
  dimension: z.int().optional(),
  api_key_env: z.string().optional().describe("The name of the environment variable, never the key."),
  api_key_env_set: z.boolean().optional(),
  healthy: z.boolean().optional().describe("Absent: not probed."),
  last_probe_error: z.string().optional(),
  last_checked_at: z.string().optional(),
});

export const recoverySummarySchema = z.looseObject({
  outcome: z.enum(["created", "clean", "recovered", "degraded"]),
  duration_ms: z.number(),
  replayed: z.int(),
  lost_sequences: z.int(),
  lost_documents: z.int(),
  quarantined: z.int(),
});
export type RecoverySummary = z.infer<typeof recoverySummarySchema>;

export const previousRunSchema = z.looseObject({
  outcome: z.enum(["clean", "crashed"]),
  run_id: z.string(),
  phase: startupPhaseSchema.describe("The phase it was last seen in."),
  ended_at: z.string().describe("When it stopped, or, for one that crashed, its last sign of life."),
});
export type PreviousRun = z.infer<typeof previousRunSchema>;

/** The content of `status/startup.json`. */
export const startupStatusSchema = z.looseObject({
  format: z.literal(1),
  phase: startupPhaseSchema,
  ready: z.boolean().describe("Whether the router serves. Also true in phase `degraded`."),
  message: z.string().optional(),
  downloading_model: z.string().optional(),
  pending_models: z.array(z.string()).optional(),
  ready_models: z.int().optional(),
  total_models: z.int().optional(),
  embedding_provider: embeddingProviderSchema.optional(),
  updated_at: z.string(),
  sequence: z.int().describe("Of the last change of phase."),
  report: z.int().describe("Counts the reports of this run: grows with each, also when the phase stays."),
  run_id: z.string(),
  boot_count: z.int(),
  pid: z.int(),
  host: z.string(),
  boot_id: z
    .string()
    .optional()
    .describe(
      "Which boot of which kernel the writer runs on. Only there does a socket that refuses mean that it is dead.",
    ),
  alive_socket_inode: z
    .int()
    .optional()
    .describe("The inode of `alive.sock` while this run listens on it. Absent: it has no socket, only a heartbeat."),
  started_at: z.string(),
  heartbeat_at: z
    .string()
    .describe("The last sign of life written into the file; the file's modification time is renewed in between."),
  heartbeat_interval_ms: z.int().min(1),
  progress: z.array(modelProgressSchema).optional(),
  recovery: recoverySummarySchema.optional(),
  previous_run: previousRunSchema.nullable(),
  transitions: z
    .array(startupTransitionSchema)
    .min(1)
    .describe("The last transitions, oldest first, those of earlier runs included."),
});
export type StartupStatus = z.infer<typeof startupStatusSchema>;

/** A status as a watcher reports it: checked against whether its writer lives. */
export interface WatchedStartupStatus extends StartupStatus {
  /** True if the writer is gone without having said so; `phase` is then `stopped` and `ready` false. */
  stale: boolean;
  /**
   * True for a phase that was already over when it was seen. It is reported so that none is missing, with `ready` as it
   * was then; act on statuses where this is false.
   */
  superseded: boolean;
  /** Milliseconds since the writer's last sign of life, when this was looked at. */
  age_ms: number;
}
