import { cpus, type as system } from "node:os";
import type { Unit } from "./figures/figure.js";
import type { Row } from "./figures/measurements.js";
import type { Soak } from "./soak.js";

/** The outcome of a soak in Markdown, as it goes into docs/reliability.md: what was done, and a row for each figure. */
export function reportOf(soak: Soak): string {
  const { findings, traffic, documents, reader, watcher } = soak;
  const living = traffic.populations.map(({ kind, size }) => `${size} ${kind.name}s`).join(", ");
  const cutOff = [documents.cutOff, ...traffic.populations.map((population) => population.cutOff)];
  const facts: [name: string, value: string | number][] = [
    ["run", `${soak.minutes} minutes, seed ${soak.seed}, Node ${process.version}, ${system()}, ${cpus().length} cores`],
    ["kills", `${soak.kills}, of ${soak.lives.service} services and ${soak.lives.writer} writers`],
    ["requests", `${traffic.requests}, ${traffic.lists} of them lists`],
    ["acknowledged", `${traffic.acknowledged} over HTTP, ${documents.acknowledged} by the library`],
    ["cut off by a kill", `${sum(cutOff, "there")} there, whole; ${sum(cutOff, "notThere")} not there`],
    ["comparisons", `${traffic.checks} over HTTP, ${documents.checks} by the reader`],
    ["kept at the end", living],
    ["packs", `${soak.packNames.size} seen`],
    [
      "reader",
      `${reader?.news?.changes ?? 0} changes in order, ${reader?.news?.lists ?? 0} lists, ${reader?.news?.resumed ?? 0} times behind the journal`,
    ],
    ["status watcher", `${watcher?.seen ?? 0} statuses; it knew of each death`],
    ["recoveries", [...soak.recoveries].map(([name, times]) => `${name} ${times}`).join(", ")],
    ["spawn to opened", String(soak.toStart)],
    ["lost", findings.lost.length],
    ["wrong", findings.wrong.length],
  ];
  return [
    ...tableOf(
      ["soak", ""],
      facts.map(([name, value]) => [name, String(value)]),
    ),
    "",
    ...tableOf(
      ["phase", "of", "figure", "2nd quarter", "last quarter", "slope", "verdict", "noticed from"],
      soak.measurements.rows().map(cellsOf),
    ),
  ].join("\n");
}

/** What was lost, what is wrong and what grows, one line each. */
export function problemsOf(soak: Soak): string[] {
  return [
    ...soak.findings.lost.map((what) => `LOST: ${what}`),
    ...soak.findings.wrong.map((what) => `WRONG: ${what}`),
    ...rowsWith(soak, "grows").map(({ phase, subject, figure }) => `GROWS: ${figure.name} of ${subject} (${phase})`),
  ];
}

/** The outcome in one line. */
export function verdictOf(soak: Soak): string {
  const { lost, wrong } = soak.findings;
  const judged = soak.measurements.rows().filter(({ isJudged }) => isJudged).length;
  const short = rowsWith(soak, "too short").length;
  const counts = `${lost.length} lost, ${wrong.length} wrong; ${rowsWith(soak, "grows").length} of ${judged} figures grow`;
  const unjudged = short === 0 ? "" : `, ${short} were measured too briefly to say`;
  return `${problemsOf(soak).length === 0 ? "PASSED" : "FAILED"}: ${counts}${unjudged}`;
}

function rowsWith(soak: Soak, verdict: Row["judgement"]["verdict"]): Row[] {
  return soak.measurements.rows().filter(({ isJudged, judgement }) => isJudged && judgement.verdict === verdict);
}

function cellsOf({ phase, subject, figure: { name, unit }, judgement, isJudged }: Row): string[] {
  const perHour = (value: number): string => `${formatted(value, unit)}/h`;
  const verdict = judgement.verdict === "grows" ? `grows by ${perHour(judgement.slopePerHour)}` : judgement.verdict;
  const hasNoThreshold =
    !isJudged || judgement.verdict === "too short" || !Number.isFinite(judgement.noticedFromPerHour);
  return [
    phase,
    subject,
    name,
    formatted(judgement.secondQuarter, unit),
    formatted(judgement.lastQuarter, unit),
    perHour(judgement.slopePerHour),
    isJudged ? verdict : "not judged",
    hasNoThreshold ? "" : perHour(judgement.noticedFromPerHour),
  ];
}

function tableOf(header: readonly string[], cells: readonly (readonly string[])[]): string[] {
  const widths = header.map((name, column) =>
    Math.max(3, name.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...cells.map(line)];
}

function formatted(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return "none";
  if (unit === "milliseconds") return `${value.toFixed(1)} ms`;
  if (unit === "count") return Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(0);
  const MiB = 1024 * 1024;
  if (Math.abs(value) >= MiB) return `${(value / MiB).toFixed(1)} MiB`;
  return Math.abs(value) >= 1024 ? `${(value / 1024).toFixed(1)} KiB` : `${value.toFixed(0)} B`;
}

function sum<Name extends string>(counts: readonly Readonly<Record<Name, number>>[], name: Name): number {
  return counts.reduce((total, each) => total + each[name], 0);
}
