import type { LifecycleState } from "./lifecycle.js";
import type { SignalKind } from "./signals.js";

/** Sums over completed records that name all three costs, in one currency. */
export interface CurrencySums {
  /** `""` for records that name none. */
  readonly currency: string;
  readonly totalSaved: number;
  readonly baselineSpend: number;
  readonly actualSpend: number;
  readonly recordCount: number;
}

export interface TokenSums {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly totalTokens: number;
  /** Records that say anything of their usage. */
  readonly recordCount: number;
}

/** Records that share a model, a decision or a recipe. */
export interface ReplayGroup {
  /** `""` for records that name none. */
  readonly name: string;
  readonly recordCount: number;
  readonly tokens: TokenSums;
}

/** Numbers over the records of a filter, unrounded, unsorted and uncut: how they are shown is for the wire to say. */
export interface ReplayAggregate {
  readonly recordCount: number;
  /** The size of the records as JSON, in bytes of UTF-8. */
  readonly bytes: number;
  readonly lifecycle: Readonly<Record<LifecycleState, number>>;
  /** One for each currency: amounts of different currencies are never added. Most records first, then by name. */
  readonly costs: readonly CurrencySums[];
  /** Records that count in none of `costs`. */
  readonly costExcludedCount: number;
  /** How many signals matched, of each kind. */
  readonly signals: Readonly<Record<SignalKind, number>>;
  readonly tokens: TokenSums;
  /** Records that say nothing of their usage. */
  readonly tokensExcludedCount: number;
  /** By decision key. */
  readonly byDecision: readonly ReplayGroup[];
  readonly bySelectedModel: readonly ReplayGroup[];
  /** Distinct and sorted, over all records whatever the filter; a model that was selected or asked for is among them. */
  readonly available: {
    readonly recipes: readonly string[];
    readonly decisions: readonly string[];
    readonly models: readonly string[];
  };
}
