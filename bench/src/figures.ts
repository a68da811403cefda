import { median } from "./statistics.js";

/** What a cell measured, by name; times in milliseconds, sizes in bytes. */
export type Figures = Readonly<Record<string, number>>;

/** Figure by figure, the middle of the rounds that have it. */
export function medianOf(rounds: readonly Figures[]): Figures {
  const names = [...new Set(rounds.flatMap((round) => Object.keys(round)))];
  return Object.fromEntries(names.map((name) => [name, median(rounds.flatMap((round) => round[name] ?? []))]));
}
