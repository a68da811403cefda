import type { Counts } from "./counts.js";
import { faultKinds } from "./states/crash-variants.js";

function row(cells: readonly (string | number)[], widths: readonly number[]): string {
  return cells
    .map((cell, index) => {
      const text = typeof cell === "number" ? cell.toLocaleString("en") : cell;
      return index === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[index] ?? 0);
    })
    .join("  ");
}

/** What was explored, as tables for people. */
export function reportOf(counts: Counts, milliseconds: number): string {
  const widths = [50, 8, 10, 10, 11];
  const scenarios = [...counts.scenarios].map(([name, { points, visited, checked, violations }]) =>
    row([name, points, visited, checked, violations], widths),
  );
  const faults = faultKinds.map((fault) => row([fault, counts.faults.get(fault) ?? 0], [50, 10]));
  const perSecond = Math.round((counts.checked / milliseconds) * 1_000);
  return [
    row(["scenario", "places", "states", "different", "violations"], widths),
    ...scenarios,
    "",
    row(["what the crash did", "states"], [50, 10]),
    ...faults,
    "",
    `${counts.visited.toLocaleString("en")} states visited, ${counts.checked.toLocaleString("en")} different ones opened and checked, ${counts.violations.toLocaleString("en")} violations; ${perSecond.toLocaleString("en")} checked a second.`,
  ].join("\n");
}
