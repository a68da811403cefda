import type { StartupPhase, WatchedStartupStatus } from "../../watch/startup-status.js";
import { printable } from "../printable.js";
import { duration, quantity } from "./quantity.js";
import type { Paint, Style } from "./style.js";
import { table } from "./table.js";

const phaseStyles: Partial<Record<StartupPhase, Style>> = { ready: "green", degraded: "yellow", error: "red" };

/** How a process is doing, for people. */
export function startupStatusLines(status: WatchedStartupStatus, paint: Paint): string[] {
  const { recovery, previous_run: previous } = status;
  const rows = [
    ["Phase", phaseText(status, paint)],
    ["Message", printable(status.message ?? "-")],
    [
      "Process",
      `pid ${status.pid} on ${printable(status.host)}, run ${printable(status.run_id)}, boot ${status.boot_count}`,
    ],
    ["Started", printable(status.started_at)],
    ["Updated", printable(status.updated_at)],
    ["Last sign of life", `${duration(Math.max(0, status.age_ms))} ago`],
  ];
  if (status.total_models !== undefined)
    rows.push(["Models", `${status.ready_models ?? 0} of ${status.total_models} ready`]);
  for (const { model, bytes, percent } of status.progress ?? []) {
    rows.push([
      "Downloading",
      `${printable(model)}: ${percent === undefined ? quantity(bytes, "byte") : `${percent.toFixed(0)} %`}`,
    ]);
  }
  if (recovery !== undefined) {
    const lost = recovery.lost_sequences + recovery.lost_documents;
    const parts = [
      `${recovery.outcome} in ${duration(recovery.duration_ms)}`,
      `${quantity(recovery.replayed, "commit")} replayed`,
    ];
    if (recovery.quarantined > 0) parts.push(`${recovery.quarantined} quarantined`);
    if (lost > 0) parts.push(`${recovery.lost_sequences} commits and ${recovery.lost_documents} documents lost`);
    rows.push(["Recovery", parts.join(", ")]);
  }
  if (previous !== null)
    rows.push([
      "Previous run",
      printable(`${previous.outcome} in phase ${previous.phase}, ended ${previous.ended_at}`),
    ]);
  return table(rows);
}

/** One line for one change of a watched status. */
export function startupStatusLine(status: WatchedStartupStatus, paint: Paint): string {
  const { message, updated_at: updatedAt, pid } = status;
  return [
    printable(updatedAt),
    phaseText(status, paint),
    `pid ${pid}`,
    ...(message === undefined ? [] : [printable(message)]),
  ].join("  ");
}

function phaseText({ phase, ready, stale }: WatchedStartupStatus, paint: Paint): string {
  const name = paint(phaseStyles[phase] ?? "bold", phase);
  if (stale) return `${name} (stale: the process is gone and did not say so)`;
  return ready && phase !== "ready" ? `${name} (ready)` : name;
}
