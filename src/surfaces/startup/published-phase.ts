import type { RecoverySummary, StartupPhase } from "../../watch/startup-status.js";
import type { StartupReport } from "./startup-report.js";

/** How the store is, as far as it bears on whether the router serves. */
export interface StartupStoreCondition {
  readonly state: "open" | "full" | "failed" | "fenced" | "closed";
  readonly error?: Error;
}

export interface PublishedPhase {
  readonly phase: StartupPhase;
  readonly ready: boolean;
  readonly message: string | undefined;
}

/**
 * What the world is told: the phase the router reported, corrected by what the store knows. The two are kept apart, so
 * that a disk that fills up and drains again leads back to just what the router had reported.
 */
export function publishedPhase(
  report: StartupReport,
  recovery: RecoverySummary | undefined,
  condition: StartupStoreCondition,
): PublishedPhase {
  const { phase } = report;
  const ended = phase === "error" || phase === "stopping" || phase === "stopped";
  if (!ended && (condition.state === "failed" || condition.state === "fenced")) {
    return { phase: "error", ready: false, message: sentences(report.message, failureOf(condition)) };
  }
  const reasons = [
    recovery === undefined ? undefined : lossOf(recovery),
    condition.state === "full" ? fullDisk : undefined,
  ];
  const reason = sentences(...reasons);
  const serves = phase === "ready" || phase === "degraded";
  if (!serves) {
    // A disk that is full during a start is worth saying; recovery speaks for itself in `recovery`.
    const aside = ended || condition.state !== "full" ? undefined : fullDisk;
    return { phase, ready: false, message: sentences(report.message, aside) };
  }
  return { phase: reason === undefined ? phase : "degraded", ready: true, message: sentences(report.message, reason) };
}

const fullDisk = "The disk is full: reads and deletes work, writes fail until there is space.";

function failureOf({ state, error }: StartupStoreCondition): string {
  const what =
    state === "fenced"
      ? "Another process took over the state directory; this one can not write to it any more."
      : "The state directory can not be written any more; reopen it to recover.";
  return error === undefined ? what : `${what} ${error.message}`;
}

function lossOf(recovery: RecoverySummary): string | undefined {
  if (recovery.outcome !== "degraded") return undefined;
  const lost = [
    ...(recovery.lost_sequences > 0 ? [counted(recovery.lost_sequences, "commit")] : []),
    ...(recovery.lost_documents > 0 ? [counted(recovery.lost_documents, "document")] : []),
  ];
  const what = lost.length === 0 ? "acknowledged data" : lost.join(" and ");
  return `Recovery could not restore ${what}: see status/recovery.json.`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function sentences(...parts: (string | undefined)[]): string | undefined {
  const said = parts.filter((part) => part !== undefined && part !== "");
  return said.length === 0 ? undefined : said.join(" ");
}
