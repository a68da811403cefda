import type { CurrencySums, ReplayAggregate, ReplayGroup } from "./replay-aggregate.js";

export interface NamedValue {
  readonly name: string;
  readonly value: number;
}

export interface NamedTokens {
  readonly name: string;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly total_tokens: number;
}

/** Amounts of one currency. */
export interface SpendReply {
  readonly total_saved: number;
  readonly baseline_spend: number;
  readonly actual_spend: number;
  readonly currency?: string;
  readonly cost_record_count: number;
}

/** Statistics in the shape of the reference (`surfaces.md` 2.6), and `by_currency` beside its one sum. */
export interface ReplayAggregateReply {
  readonly object: "router_replay.aggregate";
  readonly record_count: number;
  readonly lifecycle: Readonly<Record<"completed" | "failed" | "aborted" | "in_progress" | "unknown", number>>;
  /**
   * Of the currency that most records have, and of it alone. What it does not count, for want of an amount or for
   * having another currency, is in `excluded_record_count`.
   */
  readonly summary: SpendReply & {
    readonly excluded_record_count: number;
    /** Every currency; amounts are never added across them. */
    readonly by_currency: readonly SpendReply[];
  };
  readonly model_selection: readonly NamedValue[];
  readonly decision_distribution: readonly NamedValue[];
  readonly signal_distribution: readonly NamedValue[];
  readonly token_volume: {
    readonly input_tokens: number;
    readonly output_tokens: number;
    readonly total_tokens: number;
    readonly excluded_record_count: number;
  };
  readonly token_breakdown: {
    readonly by_decision: readonly NamedTokens[];
    readonly by_selected_model: readonly NamedTokens[];
  };
  readonly available_recipes: readonly string[];
  readonly available_decisions: readonly string[];
  readonly available_models: readonly string[];
}

const mostModels = 10;
const mostInBreakdown = 8;

export function aggregateReply(aggregate: ReplayAggregate): ReplayAggregateReply {
  const { completed, failed, aborted, in_progress, unknown } = aggregate.lifecycle;
  const { tokens, available } = aggregate;
  const spends = aggregate.costs.map(spendOf);
  const main = spends[0] ?? { total_saved: 0, baseline_spend: 0, actual_spend: 0, cost_record_count: 0 };
  return {
    object: "router_replay.aggregate",
    record_count: aggregate.recordCount,
    lifecycle: { completed, failed, aborted, in_progress, unknown },
    summary: {
      ...main,
      excluded_record_count: aggregate.recordCount - main.cost_record_count,
      by_currency: spends,
    },
    model_selection: valuesOf(aggregate.bySelectedModel).slice(0, mostModels),
    decision_distribution: valuesOf(aggregate.byDecision),
    signal_distribution: sorted(
      Object.entries(aggregate.signals)
        .filter(([, value]) => value > 0)
        .map(([name, value]) => ({ name, value })),
      ({ value }) => value,
    ),
    token_volume: {
      input_tokens: tokens.inputTokens,
      output_tokens: tokens.outputTokens,
      total_tokens: tokens.totalTokens,
      excluded_record_count: aggregate.tokensExcludedCount,
    },
    token_breakdown: {
      by_decision: tokensOf(aggregate.byDecision),
      by_selected_model: tokensOf(aggregate.bySelectedModel),
    },
    available_recipes: available.recipes,
    available_decisions: available.decisions,
    available_models: available.models,
  };
}

function spendOf({ currency, totalSaved, baselineSpend, actualSpend, recordCount }: CurrencySums): SpendReply {
  return {
    total_saved: totalSaved,
    baseline_spend: baselineSpend,
    actual_spend: actualSpend,
    ...(currency === "" ? {} : { currency }),
    cost_record_count: recordCount,
  };
}

function valuesOf(groups: readonly ReplayGroup[]): NamedValue[] {
  const named = groups.map(({ name, recordCount }) => ({ name: shownName(name), value: recordCount }));
  return sorted(named, ({ value }) => value);
}

function tokensOf(groups: readonly ReplayGroup[]): NamedTokens[] {
  const named = groups
    .filter(({ tokens }) => tokens.recordCount > 0)
    .map(({ name, tokens }) => ({
      name: shownName(name),
      input_tokens: tokens.inputTokens,
      output_tokens: tokens.outputTokens,
      total_tokens: tokens.totalTokens,
    }));
  return sorted(named, ({ total_tokens }) => total_tokens).slice(0, mostInBreakdown);
}

function shownName(name: string): string {
  return name === "" ? "Unknown" : name;
}

/** Largest first, then by name: code unit by code unit, so that the order is the same under every locale. */
function sorted<Named extends { readonly name: string }>(named: Named[], valueOf: (one: Named) => number): Named[] {
  return named.sort((one, other) => {
    const byValue = valueOf(other) - valueOf(one);
    if (byValue !== 0) return byValue;
    return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
  });
}
