import { hostname } from "node:os";
import type { Reconciliation } from "../collections/index.js";
import type { DirectoryLock } from "../locking/directory-lock.js";
import type { LoadedState } from "./loaded-state.js";
import type { Damage, RecoveryReport } from "./recovery-report.js";
import type { RepairOutcome } from "./repair.js";

export interface RecoveryFacts {
  readonly storeId: string;
  readonly lock: DirectoryLock;
  readonly loaded: LoadedState;
  readonly repaired: RepairOutcome;
  readonly isNew: boolean;
  readonly warnings: readonly string[];
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly durationMs: number;
  readonly checkpointSequence: number;
}

/** Puts together what an owner's recovery has to say. */
export function recoveryReport(facts: RecoveryFacts): RecoveryReport {
  const { lock, loaded, repaired } = facts;
  const { how, previous, previousEpoch, waitedMs } = lock.takeover;
  return {
    format: 1,
    storeId: facts.storeId,
    epoch: lock.claim.epoch,
    pid: process.pid,
    host: hostname(),
    startedAt: new Date(facts.startedAt).toISOString(),
    ...timesOf(facts),
    outcome: outcomeOf(facts),
    takeover: {
      how,
      previousEpoch: previousEpoch ?? null,
      previousPid: previous?.pid ?? null,
      previousHost: previous?.host ?? null,
      waitedMs,
    },
    checkpointSequence: facts.checkpointSequence,
    lastSequence: loaded.lastSequence,
    documents: [...loaded.states.values()].reduce((count, { size }) => count + size, 0),
    journal: {
      segments: loaded.journal.segments.length,
      replayed: loaded.replayed,
      replayedOperations: loaded.replayedOperations,
      tornTails: repaired.tornTails,
    },
    damage: repaired.damage,
    lostSequences: repaired.lostSequences,
    lostDocuments: repaired.lostDocuments,
    removedTemporaryFiles: repaired.removedTemporaryFiles,
    reconciled: [],
    warnings: [...facts.warnings],
  };
}

/** The report once the surfaces have put in order what is theirs. */
export function withReconciled(
  report: RecoveryReport,
  reconciled: readonly Reconciliation[],
  facts: Pick<RecoveryFacts, "finishedAt" | "durationMs">,
): RecoveryReport {
  return {
    ...report,
    ...timesOf(facts),
    outcome: outcomeWith(report.outcome, reconciled),
    reconciled: [...reconciled],
  };
}

/** The report once damage was met that opening did not look for. */
export function withDamage(
  report: RecoveryReport,
  damage: readonly Damage[],
  lostDocuments: RecoveryReport["lostDocuments"],
): RecoveryReport {
  const { outcome } = report;
  return {
    ...report,
    outcome: damage.some(({ repaired }) => !repaired) ? "degraded" : outcome === "clean" ? "recovered" : outcome,
    damage: [...report.damage, ...damage],
    lostDocuments: [...report.lostDocuments, ...lostDocuments],
  };
}

function outcomeWith(
  outcome: RecoveryReport["outcome"],
  reconciled: readonly Reconciliation[],
): RecoveryReport["outcome"] {
  if (reconciled.some(({ loss }) => loss === true)) return "degraded";
  return outcome === "clean" && reconciled.length > 0 ? "recovered" : outcome;
}

function timesOf({ finishedAt, durationMs }: Pick<RecoveryFacts, "finishedAt" | "durationMs">): {
  readonly finishedAt: string;
  readonly durationMs: number;
} {
  return { finishedAt: new Date(finishedAt).toISOString(), durationMs: Math.round(durationMs * 10) / 10 };
}

function outcomeOf({ isNew, lock, loaded, repaired }: RecoveryFacts): RecoveryReport["outcome"] {
  if (isNew) return "created";
  // Some losses have no number to name, as that of a segment which was emptied.
  const allRepaired = repaired.damage.every((damage) => damage.repaired);
  if (repaired.lostSequences.length > 0 || repaired.lostDocuments.length > 0 || !allRepaired) return "degraded";
  const { how } = lock.takeover;
  const wasLeftInOrder = (how === "released" || how === "unclaimed") && loaded.replayed === 0;
  return wasLeftInOrder && repaired.damage.length === 0 && repaired.tornTails.length === 0 ? "clean" : "recovered";
}
