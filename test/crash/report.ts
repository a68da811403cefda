import type { Counts, ScenarioCounts } from "./counts.js";
import { faultKinds } from "./states/crash-variants.js";

type Cell = string | number;

/** The first column stands left, the others right; each is as wide as its widest cell. */
function table(rows: readonly (readonly Cell[])[]): string[] {
  const texts = rows.map((cells) => cells.map((cell) => (typeof cell === "number" ? cell.toLocaleString("en") : cell)));
  const widths = (texts[0] ?? []).map((_, column) => Math.max(...texts.map((cells) => cells[column]?.length ?? 0)));
  return texts.map((cells) =>
    cells
      .map((text, column) => (column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)))
      .join("  "),
  );
}

function share(part: number, whole: number): string {
  return `${part.toLocaleString("en")} of ${whole.toLocaleString("en")}`;
}

function scenarioRow(name: string, counts: ScenarioCounts): Cell[] {
  const { recordings, visitedPlaces, places, states, duplicates, checked, violations } = counts;
  return [name, recordings, share(visitedPlaces, places), states, duplicates, checked, violations];
}

/** What was explored, as tables for people. */
export function reportOf(counts: Counts, milliseconds: number): string {
  const { total } = counts;
  const scenarios = [...counts.scenarios].sort(([left], [right]) => (left < right ? -1 : 1));
  const perSecond = Math.round((total.checked / milliseconds) * 1_000);
  return [
    ...table([
      ["scenario", "recordings", "places visited", "states", "duplicates", "checked", "violations"],
      ...scenarios.map(([name, each]) => scenarioRow(name, each)),
      scenarioRow("all", total),
    ]),
    "",
    ...table([
      ["what the crash did", "number", "states", "places visited where it can happen"],
      ...faultKinds.map((fault, index): Cell[] => {
        const { states, visitedPlaces, places } = total.faults[fault];
        return [fault, index + 1, states, share(visitedPlaces, places)];
      }),
    ]),
    "",
    ...table([
      ["states of each scenario by what the crash did", ...faultKinds.map((_, index) => String(index + 1))],
      ...scenarios.map(([name, { faults }]): Cell[] => [name, ...faultKinds.map((fault) => faults[fault].states)]),
    ]),
    "",
    `${total.states.toLocaleString("en")} states built, ${total.duplicates.toLocaleString("en")} of them duplicates of ones that had been checked, ${total.checked.toLocaleString("en")} opened and checked, ${total.violations.toLocaleString("en")} violations; ${perSecond.toLocaleString("en")} checked a second.`,
  ].join("\n");
}
