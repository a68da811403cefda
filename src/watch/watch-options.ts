import { z } from "zod";
import { HoldfastError } from "../errors.js";

export interface WatchStartupStatusOptions {
  /** Ends the watch. */
  readonly signal?: AbortSignal;
  /**
   * How often to look even if nothing hints at a change, in milliseconds, 10 to 60,000. Default 500. Whatever hints are
   * lost, the watcher knows the newest status after this time.
   */
  readonly pollIntervalMs?: number;
  /**
   * Where the kernel can not be asked whether the writer lives: how long its last sign of life may be ago, in
   * milliseconds, before it counts as dead. Default: three of the heartbeat intervals its status names, 6 seconds.
   */
  readonly heartbeatBoundMs?: number;
  /**
   * Called with what hinders the watch but does not end it, once until it changes or goes away: `CORRUPT`,
   * `UNSUPPORTED_FORMAT` or `INVALID_CONFIG` if `startup.json` is there but can not be used, `INVALID_CONFIG` if the
   * system gives no hints. Default: `process.emitWarning`.
   */
  readonly onWarning?: (warning: Error) => void;
}

const watchOptionsSchema = z.object({
  directory: z
    .string()
    .min(1)
    .refine((path) => !path.includes("\0"), "must not contain NUL"),
  pollIntervalMs: z.number().min(10).max(60_000).optional(),
  heartbeatBoundMs: z.number().positive().max(86_400_000).optional(),
});

/** @throws HoldfastError `INVALID_CONFIG` with every problem listed. */
export function checkWatchOptions(directory: string, options: WatchStartupStatusOptions): void {
  const { pollIntervalMs, heartbeatBoundMs } = options;
  const parsed = watchOptionsSchema.safeParse({ directory, pollIntervalMs, heartbeatBoundMs });
  if (parsed.success) return;
  const problems = parsed.error.issues.map((issue) => ({ path: `/${issue.path.join("/")}`, message: issue.message }));
  throw HoldfastError.ofProblems("INVALID_CONFIG", "The startup status can not be watched like this.", problems);
}
