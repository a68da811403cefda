import type { RecoveryReport } from "../../store/recovery-report.js";
import { printable } from "../printable.js";
import { duration, grouped, quantity } from "./quantity.js";
import type { Paint } from "./style.js";
import { table } from "./table.js";

/** More than these is for the full report: `--json`, or `status/recovery.json`. */
const listedAtMost = 20;

const outcomes: Record<RecoveryReport["outcome"], string> = {
  created: "a new state directory",
  clean: "the previous writer left everything in order",
  recovered: "what was left in the journal was applied; nothing acknowledged is missing",
  degraded: "acknowledged data is missing",
};

const takeovers: Record<RecoveryReport["takeover"]["how"], string> = {
  unclaimed: "nobody held it before",
  released: "the previous writer released it",
  dead: "the previous writer is dead",
  stale: "the previous writer stopped giving signs of life",
  paused: "taken over from a paused writer, as asked",
};

/** What a recovery did, for people: on one screen whatever it found. */
export function recoveryLines(report: RecoveryReport, paint: Paint): string[] {
  const { outcome, journal, damage, checkpointSequence, lastSequence } = report;
  const style = outcome === "degraded" ? "red" : outcome === "recovered" ? "yellow" : "green";
  const rows = [
    ["Recovery", `${paint(style, outcome)}: ${outcomes[outcome]}`],
    ["Taken", takeoverText(report)],
    ["Documents", `${grouped(report.documents)}, up to sequence ${grouped(lastSequence)}`],
    [
      "Replayed",
      `${quantity(journal.replayed, "commit")} above checkpoint ${grouped(checkpointSequence)} (${quantity(journal.replayedOperations, "operation")} in ${quantity(journal.segments, "segment")})`,
    ],
    ["Cut", tornText(report)],
    ["Quarantined", quarantinedText(report)],
    ["Lost", lostText(report)],
    ["Duration", duration(report.durationMs)],
  ];
  const found = damage.map(({ file, detail, repaired, quarantined }) => {
    const kept = quarantined === undefined ? "" : `, kept in ${quarantined}`;
    return printable(`  ${file}: ${detail} (${repaired ? "repaired" : "not repaired"}${kept})`);
  });
  return [
    ...table(rows),
    ...titled("Damage found:", found),
    ...titled(
      "Lost documents:",
      report.lostDocuments.map(({ collection, id }) => printable(`  ${collection}/${id}`)),
    ),
    ...titled(
      "Put in order:",
      report.reconciled.map(({ surface, action, reason, count, ids, detail }) => {
        const which = ids.length === count && count <= 3 ? ` (${ids.join(", ")})` : "";
        const more = detail === undefined ? "" : `: ${detail}`;
        return printable(`  ${surface}: ${grouped(count)} ${action}${which}, ${reason}${more}`);
      }),
    ),
    ...titled(
      "Warnings:",
      report.warnings.map((warning) => printable(`  ${warning}`)),
    ),
  ];
}

/** One line for a command that is not about recovery, or `undefined` if there is nothing to tell. */
export function recoveryRemark(report: RecoveryReport): string | undefined {
  const { outcome, journal } = report;
  if (outcome === "created" || outcome === "clean") return undefined;
  const lost = outcome === "degraded" ? `, lost: ${lostText(report)}; holdfast recover --json lists all` : "";
  return `holdfast: ${outcome} first (${quantity(journal.replayed, "commit")} replayed${lost})`;
}

function takeoverText({ takeover, epoch }: RecoveryReport): string {
  const { how, previousPid, previousHost, waitedMs } = takeover;
  const who =
    previousPid === null ? "" : ` (pid ${previousPid}${previousHost === null ? "" : ` on ${printable(previousHost)}`})`;
  const waited = waitedMs < 100 ? "" : `, after waiting ${duration(waitedMs)}`;
  return `epoch ${epoch}; ${takeovers[how]}${who}${waited}`;
}

function tornText({ journal: { tornTails } }: RecoveryReport): string {
  if (tornTails.length === 0) return "nothing";
  const bytes = tornTails.reduce((sum, { length }) => sum + length, 0);
  return `${quantity(bytes, "byte")} of unfinished writes, never acknowledged`;
}

function quarantinedText({ damage, journal }: RecoveryReport): string {
  const count = [...damage, ...journal.tornTails].filter(({ quarantined }) => quarantined !== undefined).length;
  return count === 0 ? "nothing" : `${quantity(count, "item")} in quarantine/`;
}

function lostText({ lostSequences, lostDocuments, outcome }: RecoveryReport): string {
  const parts: string[] = [];
  if (lostSequences.length > 0) {
    const ranges = lostSequences
      .slice(0, listedAtMost)
      .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
    const more = lostSequences.length > listedAtMost ? " and more" : "";
    parts.push(`commits ${ranges.join(", ")}${more}`);
  }
  if (lostDocuments.length > 0) parts.push(quantity(lostDocuments.length, "document"));
  if (parts.length > 0) return parts.join("; ");
  return outcome === "degraded" ? "see the damage" : "nothing";
}

function titled(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const rest = lines.length - listedAtMost;
  return [
    title,
    ...lines.slice(0, listedAtMost),
    ...(rest > 0 ? [`  and ${grouped(rest)} more (--json lists all)`] : []),
  ];
}
