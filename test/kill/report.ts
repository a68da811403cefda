import type { KillLoop } from "./kill-loop.js";

/** The outcome of a kill loop, for people: one line for each figure, and every finding. */
export function reportOf({ judge, figures }: KillLoop): string {
  const { findings, operations, files, records, history } = judge;
  const lines: [name: string, value: string | number][] = [
    ["rounds", figures.rounds],
    ["kills", figures.kills],
    ["killed after it had told", countsOf(figures.deaths)],
    [
      "acknowledged",
      `${judge.acknowledged}: ${operations.acknowledged} operations, ${files.acknowledged} of files, ${records.acknowledged} of replay records`,
    ],
    ["not acknowledged", `${operations.foundUnacknowledged} there, whole; ${operations.absent} not there`],
    ["commits", `${history.commits}, from 1 on, none missing and none twice`],
    ["accounts of owners", judge.accounts],
    ["lost", findings.lost.length],
    ["wrong", findings.wrong.length],
    ["verifications", figures.verifications],
    ["recoveries", countsOf(judge.outcomes)],
    ["takeovers", countsOf(judge.takeovers)],
    ["commits replayed", judge.replayed],
    ["packs left by the dead", `${figures.packs.size} different ones`],
    ["spawn to first acknowledgment", String(figures.firstAcknowledgments)],
    ["time to open", String(judge.openingTimes)],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return [
    ...lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    ...findings.lost.map((what) => `LOST: ${what}`),
    ...findings.wrong.map((what) => `WRONG: ${what}`),
  ].join("\n");
}

function countsOf(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, times]) => `${name} ${times}`).join(", ");
}
