import { previousRunOf } from "./previous-run.js";
import type { StartupStatus, StartupTransition, WatchedStartupStatus } from "./startup-status.js";

/** What one look found: the newest status, and whether its writer lives. */
export interface Sighting {
  readonly status: StartupStatus;
  readonly alive: boolean;
  /** Milliseconds since the writer's last sign of life. */
  readonly ageMs: number;
  /** Wall clock, milliseconds since 1970. */
  readonly now: number;
}

/** So many ended runs are remembered, which is more than one status can mention. */
const rememberedRuns = 1000;

/**
 * Turns looks, which miss versions and whole runs, into every phase once and in order. It knows nothing of files, time
 * or sockets.
 *
 * The invariant: after each call, `#last` is what the consumer was told last, and no run in `#ended` is told of again.
 * A run ends when a transition of another run follows it in the sequence; if its last phase was not `stopped`, it is
 * reported as `stopped` and `stale` first, whether or not the next writer left a note of it.
 */
export class PhaseFeed {
  readonly #ended = new Set<string>();
  #last: WatchedStartupStatus | undefined;
  #started: boolean;

  /** @param fromStart whether to report everything the first status remembers, rather than only where things stand. */
  constructor(fromStart: boolean) {
    this.#started = fromStart;
  }

  /**
   * Whether a status is news. One of a run that another has followed comes from a writer that lost the directory and
   * does not know it yet; one with fewer reports than told of is an old version from a cache.
   */
  accepts(status: StartupStatus): boolean {
    if (this.#ended.has(status.run_id)) return false;
    return this.#last?.run_id !== status.run_id || status.report >= this.#last.report;
  }

  /** @returns what is to be reported now, oldest first; usually nothing. */
  next(sighting: Sighting): WatchedStartupStatus[] {
    const { status, alive, ageMs } = sighting;
    const reports: WatchedStartupStatus[] = [];
    const report = (watched: WatchedStartupStatus): void => {
      reports.push(watched);
      this.#last = watched;
    };
    if (!this.#started) {
      this.#started = true;
      for (const transition of status.transitions) {
        if (transition.run_id !== status.run_id) this.#ended.add(transition.run_id);
      }
    } else {
      for (const transition of this.#unseen(status)) this.#tell(transition, sighting, report);
    }
    const current: WatchedStartupStatus =
      alive || status.phase === "stopped"
        ? { ...status, stale: false, superseded: false, age_ms: ageMs }
        : foundDead(status, ageMs);
    if (!this.#told(current)) report(current);
    while (this.#ended.size > rememberedRuns) this.#ended.delete(this.#ended.values().next().value ?? "");
    return reports;
  }

  /** The transitions the consumer has not been told of. */
  #unseen(status: StartupStatus): StartupTransition[] {
    const last = this.#last;
    return status.transitions.filter((transition) => {
      if (this.#ended.has(transition.run_id)) return false;
      return transition.run_id !== last?.run_id || transition.sequence > last.sequence;
    });
  }

  #tell(transition: StartupTransition, sighting: Sighting, report: (watched: WatchedStartupStatus) => void): void {
    const { status, alive } = sighting;
    const before = this.#last;
    if (before !== undefined && before.run_id !== transition.run_id) {
      if (before.phase !== "stopped") report({ ...foundDead(before, before.age_ms), superseded: true });
      this.#ended.add(before.run_id);
    } else if (before?.phase === "stopped" && transition.stale === true) {
      return; // The next writer's note of an end that was seen when it happened.
    }
    const isCurrent = transition.run_id === status.run_id && transition.sequence === status.sequence;
    if (!isCurrent) report(recalled(transition, sighting));
    // A dead writer's last phase is history too: told, but never as what holds now.
    else if (!alive && status.phase !== "stopped") {
      report({ ...status, stale: false, superseded: true, age_ms: sighting.ageMs });
    }
  }

  #told(current: WatchedStartupStatus): boolean {
    const last = this.#last;
    if (last?.run_id !== current.run_id || last.phase !== current.phase || last.stale !== current.stale) return false;
    return current.stale || last.report === current.report;
  }
}

/** The status of a run whose writer is gone without having said so. What it was busy with no longer holds. */
function foundDead(status: StartupStatus, ageMs: number): WatchedStartupStatus {
  const rest = { ...status };
  delete rest.downloading_model;
  delete rest.pending_models;
  delete rest.progress;
  const said = status.message === undefined ? "" : ` (${status.message})`;
  return {
    ...rest,
    phase: "stopped",
    ready: false,
    message: `The process is gone without having said so; it was last seen in phase ${status.phase}${said}`,
    stale: true,
    superseded: false,
    age_ms: ageMs,
  };
}

/** The status behind a transition that was never seen itself, as far as the transition tells it. */
function recalled(transition: StartupTransition, { status, now }: Sighting): WatchedStartupStatus {
  const { sequence, run_id, boot_count, pid, host, report, phase, ready, at, message } = transition;
  const transitions = status.transitions.filter((other) => other.sequence <= sequence);
  return {
    format: 1,
    phase,
    ready,
    ...(message === undefined ? {} : { message }),
    updated_at: at,
    sequence,
    report,
    run_id,
    boot_count,
    pid,
    host,
    started_at: transitions.find((other) => other.run_id === run_id)?.at ?? at,
    heartbeat_at: at,
    heartbeat_interval_ms: status.heartbeat_interval_ms,
    previous_run: previousRunOf(transitions, run_id),
    transitions,
    stale: transition.stale === true,
    superseded: true,
    age_ms: Math.max(0, now - Date.parse(at)),
  };
}
