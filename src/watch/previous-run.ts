import type { PreviousRun, StartupTransition } from "./startup-status.js";

/**
 * How the run before `runId` ended, as the transitions tell it.
 *
 * @param transitions oldest first; those of `runId` itself, if any, stand at the end.
 * @returns `null` if no earlier run is known.
 */
export function previousRunOf(transitions: readonly StartupTransition[], runId: string): PreviousRun | null {
  const own = transitions.findIndex((transition) => transition.run_id === runId);
  const earlier = own < 0 ? transitions : transitions.slice(0, own);
  const last = earlier.at(-1);
  if (last === undefined) return null;
  const seen = earlier.findLast((transition) => transition.run_id === last.run_id && transition.stale !== true) ?? last;
  return {
    outcome: seen.phase === "stopped" ? "clean" : "crashed",
    run_id: last.run_id,
    phase: seen.phase,
    ended_at: last.at,
  };
}
