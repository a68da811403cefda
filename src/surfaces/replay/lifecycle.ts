import { z } from "zod";

/**
 * The states of a record. `in_progress` is where it begins; the next three end it, once. `unknown` is what the reference
 * gives to rows from before it knew states; it is as final as an end, and only an import brings it.
 */
export const lifecycleStates = ["in_progress", "completed", "failed", "aborted", "unknown"] as const;
export const lifecycleStateSchema = z.enum(lifecycleStates);
export type LifecycleState = z.infer<typeof lifecycleStateSchema>;

/** The states that a router can end a record with. */
export const terminalStateSchema = z.enum(["completed", "failed", "aborted"]);
export type TerminalState = z.infer<typeof terminalStateSchema>;

/** The reference's bound of a reason, in characters. */
export const longestTerminalReason = 256;

/** Why a record was ended by somebody other than its recorder. */
export const recoveryReasons = {
  /** The process that recorded it died. */
  restart: "recovered_after_restart",
  /** Its remote recorder has not been heard of for too long. */
  recorderLost: "recorder_lost",
} as const;
