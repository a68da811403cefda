import type { RecoveryReport } from "../../store/recovery-report.js";
import type { RecoverySummary } from "../../watch/startup-status.js";

/** What a status says of a recovery: counts. The whole report stands in `status/recovery.json`. */
export function recoverySummaryOf(report: RecoveryReport): RecoverySummary {
  const quarantined = [...report.damage, ...report.journal.tornTails].filter((item) => item.quarantined !== undefined);
  return {
    outcome: report.outcome,
    duration_ms: report.durationMs,
    replayed: report.journal.replayed,
    // Both ends belong to a range.
    lost_sequences: report.lostSequences.reduce((lost, { first, last }) => lost + last - first + 1, 0),
    lost_documents: report.lostDocuments.length,
    quarantined: quarantined.length,
  };
}
