import type { RecoverySummary, StartupStatus, StartupTransition } from "../../watch/startup-status.js";
import type { PublishedPhase } from "./published-phase.js";
import type { StartupReport } from "./startup-report.js";

/** So many transitions stay in the file, for watchers that missed them; the history keeps more. */
export const keptTransitions = 200;
const longestTransitionMessage = 500;

/** The members of a status that hold for a whole run. */
export type RunIdentity = Pick<
  StartupStatus,
  | "run_id"
  | "boot_count"
  | "pid"
  | "host"
  | "boot_id"
  | "alive_socket_inode"
  | "started_at"
  | "heartbeat_interval_ms"
  | "previous_run"
>;

/** Where the numbering stands before a report. */
export type StatusPosition = Pick<StartupStatus, "sequence" | "report" | "transitions"> & {
  readonly phase: StartupStatus["phase"] | undefined;
};

/**
 * The status that follows `before`: one report further, and one transition if the phase is another one.
 *
 * @param now ISO 8601, UTC, milliseconds.
 */
export function nextStatus(
  run: RunIdentity,
  before: StatusPosition,
  reported: StartupReport,
  published: PublishedPhase,
  recovery: RecoverySummary | undefined,
  now: string,
): StartupStatus {
  const { phase, ready, message } = published;
  const report = before.report + 1;
  const changed = phase !== before.phase;
  const sequence = changed ? before.sequence + 1 : before.sequence;
  const { run_id, boot_count, pid, host } = run;
  const said = message === undefined ? {} : { message: message.slice(0, longestTransitionMessage) };
  const transition: StartupTransition = {
    sequence,
    run_id,
    boot_count,
    pid,
    host,
    report,
    phase,
    ready,
    at: now,
    ...said,
  };
  return {
    format: 1,
    ...reported,
    phase,
    ready,
    message,
    updated_at: now,
    sequence,
    report,
    ...run,
    heartbeat_at: now,
    recovery,
    transitions: changed ? [...before.transitions, transition].slice(-keptTransitions) : before.transitions,
  };
}
