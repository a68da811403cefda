import type { DrillResult } from "./drill.js";
import type { Ledger } from "./ledger.js";

/** The outcome of a drill, for people: one line for each figure, and every finding. */
export function reportOf({ ledger, figures }: DrillResult): string {
  const { cutOff } = ledger;
  const lines: [name: string, value: string | number][] = [
    ["kills", `${figures.kills}, ${figures.killsDuringStart} of them before the router was ready`],
    ["acknowledged turns", ledger.acknowledgedTurns],
    ["acknowledged and kept", `${ledger.responses.size} responses, ${ledger.conversations.size} conversations`],
    ["wanted gone", `${ledger.absent.size} (store: false, or deleted)`],
    [
      "cut off turns",
      `${cutOff.turns}: ${cutOff.foundWhole} there whole, ${cutOff.foundAbsent} not there, ${cutOff.unknown} can not be asked for`,
    ],
    ["files and vector stores", operationsOf(ledger)],
    [
      "cut off operations",
      `${ledger.cutOffOperations.foundWhole} had taken place, ${ledger.cutOffOperations.foundAbsent} had not`,
    ],
    ["kept files", `${ledger.files.size}, and ${ledger.absentFiles.size} deleted`],
    [
      "kept vector stores",
      `${ledger.vectorStores.size} with ${attachmentsOf(ledger)} attached files, and ${ledger.absentVectorStores.size} deleted`,
    ],
    ["replay records", countsOf(figures.recordEnds)],
    ["in progress without an owner", ledger.leftInProgress],
    ["file count mismatches", ledger.countMismatches],
    ["comparisons", ledger.checks],
    ["lost", ledger.lost.length],
    ["wrong", ledger.wrong.length],
    ["restarts that replayed", `${figures.restartsThatReplayed}, ${figures.replayed} commits in all`],
    [
      "restarts that waited for a lock",
      `${figures.restartsThatWaited}; taking it took at most ${figures.longestTakeoverMs.toFixed(0)} ms`,
    ],
    ["recoveries", countsOf(figures.outcomes)],
    ["previous run, as reported", countsOf(figures.previousRuns)],
    ["spawn to store open", String(figures.toOpen)],
    ["spawn to ready", String(figures.toReady)],
    ["spawn to first answer", String(figures.toFirstAnswer)],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return [
    ...lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    ...ledger.lost.map((what) => `LOST: ${what}`),
    ...ledger.wrong.map((what) => `WRONG: ${what}`),
  ].join("\n");
}

/** Whether nothing was lost, nothing was wrong, and recovery had something to do: a drill that never replayed proves little. */
export function passed({ ledger, figures }: DrillResult): boolean {
  return ledger.lost.length === 0 && ledger.wrong.length === 0 && figures.restartsThatReplayed > 0;
}

function countsOf(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(", ");
}

/** `upload 41 (2 cut off), download 12, …` */
function operationsOf({ operations }: Ledger): string {
  const told = [...operations].map(
    ([kind, { acknowledged, cutOff }]) => `${kind} ${acknowledged}${cutOff === 0 ? "" : ` (${cutOff} cut off)`}`,
  );
  return told.join(", ");
}

function attachmentsOf({ vectorStores }: Ledger): number {
  return [...vectorStores.values()].reduce((sum, { attached }) => sum + attached.size, 0);
}
