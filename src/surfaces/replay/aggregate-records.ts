import { amountAsNumber } from "./amounts.js";
import type { CountedRecords } from "./counted-records.js";
import type { Cell, Cells } from "./counters.js";
import { lifecycleStates } from "./lifecycle.js";
import type { CurrencySums, ReplayAggregate, ReplayGroup, TokenSums } from "./replay-aggregate.js";
import { selectionOf, type Dimensions, type ReplayFilter } from "./replay-query.js";
import { signalKinds } from "./signals.js";
import { Tally } from "./tally.js";

/**
 * Adds up the living records of a filter.
 *
 * @throws HoldfastError `INVALID_CONFIG`; those of the store. A failure is never an empty result.
 */
export async function aggregateRecords(
  counted: CountedRecords,
  filter: ReplayFilter,
  expiryKey: string,
): Promise<ReplayAggregate> {
  const selection = selectionOf(filter);
  const all = await counted.all(expiryKey);
  const cells = await counted.of(selection, all, expiryKey);
  const sum = new Tally();
  for (const { tally } of cells.values()) sum.add(tally);
  const costs = costsOf(sum);
  const tokens = tokensOf(sum);
  return {
    recordCount: sum.records,
    bytes: sum.bytes,
    lifecycle: countsOf(sum, "lifecycle", lifecycleStates),
    costs,
    costExcludedCount: sum.records - costs.reduce((records, { recordCount }) => records + recordCount, 0),
    signals: countsOf(sum, "signals", signalKinds),
    tokens,
    tokensExcludedCount: sum.records - tokens.recordCount,
    byDecision: groupsOf(cells, ({ decision_key }) => decision_key),
    bySelectedModel: groupsOf(cells, ({ selected_model }) => selected_model),
    available: {
      recipes: namesOf(all, ({ recipe }) => [recipe]),
      decisions: namesOf(all, ({ decision_key }) => [decision_key]),
      models: namesOf(all, ({ selected_model, original_model }) => [selected_model, original_model]),
    },
  };
}

function countsOf<Name extends string>(
  tally: Tally,
  group: "lifecycle" | "signals",
  names: readonly Name[],
): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, tally.count(`${group}.${name}`)])) as Record<Name, number>;
}

function costsOf(tally: Tally): CurrencySums[] {
  return [...tally.costs]
    .map(([currency, sums]) => ({
      currency,
      totalSaved: amountAsNumber(sums.totalSaved),
      baselineSpend: amountAsNumber(sums.baselineSpend),
      actualSpend: amountAsNumber(sums.actualSpend),
      recordCount: sums.records,
    }))
    .sort((left, right) => right.recordCount - left.recordCount || (left.currency < right.currency ? -1 : 1));
}

function tokensOf(tally: Tally): TokenSums {
  return {
    inputTokens: tally.count("tokens.input"),
    outputTokens: tally.count("tokens.output"),
    totalTokens: tally.count("tokens.total"),
    recordCount: tally.count("usage.records"),
  };
}

function groupsOf(cells: Cells, nameOf: (dimensions: Dimensions) => string | undefined): ReplayGroup[] {
  const groups = new Map<string, Tally>();
  for (const { dimensions, tally } of cells.values()) {
    const name = nameOf(dimensions) ?? "";
    groups.set(name, (groups.get(name) ?? new Tally()).add(tally));
  }
  return [...groups].map(([name, tally]) => ({ name, recordCount: tally.records, tokens: tokensOf(tally) }));
}

function namesOf(cells: Cells, of: (dimensions: Cell["dimensions"]) => (string | undefined)[]): string[] {
  const names = new Set<string>();
  for (const { dimensions } of cells.values()) {
    for (const name of of(dimensions)) if (name !== undefined && name !== "") names.add(name);
  }
  return [...names].sort();
}
