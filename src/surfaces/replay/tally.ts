import { amountOf, formatAmount, parseAmount } from "./amounts.js";
import type { StoredReplayBody } from "./replay-document.js";
import type { Dimensions } from "./replay-query.js";
import type { ReplayCounter } from "./replay-counter-document.js";
import type { ReplayRecord } from "./replay-record.js";
import { signalKinds } from "./signals.js";

export interface CostSums {
  totalSaved: bigint;
  baselineSpend: bigint;
  actualSpend: bigint;
  records: number;
}

/**
 * The numbers of some records. All of them are whole, so sums do not depend on their order, and what was added can be
 * taken away without a trace: a tally that was kept by differences equals one that was counted anew.
 */
export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #costs = new Map<string, CostSums>();

  static ofRecord({ record, bytes }: StoredReplayBody): Tally {
    const tally = new Tally();
    tally.#count("records", 1);
    tally.#count("bytes", bytes);
    tally.#count(`lifecycle.${record.lifecycle_state}`, 1);
    for (const kind of signalKinds) tally.#count(`signals.${kind}`, record.signals[kind]?.length ?? 0);
    tally.#countTokens(record);
    tally.#countCosts(record);
    return tally;
  }

  static ofCell({ counts, costs }: ReplayCounter): Tally {
    const tally = new Tally();
    for (const [name, count] of Object.entries(counts)) tally.#count(name, count);
    for (const { currency, total_saved, baseline_spend, actual_spend, records } of costs) {
      tally.#cost(currency, {
        totalSaved: parseAmount(total_saved),
        baselineSpend: parseAmount(baseline_spend),
        actualSpend: parseAmount(actual_spend),
        records,
      });
    }
    return tally;
  }

  get records(): number {
    return this.count("records");
  }

  get bytes(): number {
    return this.count("bytes");
  }

  /** Whether it stands for nothing: no records, and nothing of what records bring. */
  get isEmpty(): boolean {
    return this.#counts.size === 0 && this.#costs.size === 0;
  }

  /** Whether records can add up to it. */
  get isPossible(): boolean {
    const counts = [...this.#counts].every(([name, count]) => count > 0 || name.startsWith("tokens."));
    return (
      counts && [...this.#costs.values()].every(({ records }) => records > 0) && (this.isEmpty || this.records > 0)
    );
  }

  get costs(): ReadonlyMap<string, Readonly<CostSums>> {
    return this.#costs;
  }

  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  add(other: Tally): this {
    for (const [name, count] of other.#counts) this.#count(name, count);
    for (const [currency, sums] of other.#costs) this.#cost(currency, sums);
    return this;
  }

  subtract(other: Tally): this {
    for (const [name, count] of other.#counts) this.#count(name, -count);
    for (const [currency, { totalSaved, baselineSpend, actualSpend, records }] of other.#costs) {
      this.#cost(currency, {
        totalSaved: -totalSaved,
        baselineSpend: -baselineSpend,
        actualSpend: -actualSpend,
        records: -records,
      });
    }
    return this;
  }

  /** As it is stored. Sorted, so that equal tallies are equal documents. */
  asCell(dimensions: Dimensions): ReplayCounter {
    const { recipe, decision, selected_model, original_model, from_cache, streaming } = dimensions;
    return {
      ...(recipe === undefined ? {} : { recipe }),
      ...(decision === undefined ? {} : { decision }),
      ...(selected_model === undefined ? {} : { selected_model }),
      ...(original_model === undefined ? {} : { original_model }),
      from_cache,
      streaming,
      counts: Object.fromEntries([...this.#counts].sort(([left], [right]) => (left < right ? -1 : 1))),
      costs: [...this.#costs]
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([currency, { totalSaved, baselineSpend, actualSpend, records }]) => ({
          currency,
          total_saved: formatAmount(totalSaved),
          baseline_spend: formatAmount(baselineSpend),
          actual_spend: formatAmount(actualSpend),
          records,
        })),
    };
  }

  #countTokens(record: ReplayRecord): void {
    const { prompt_tokens, cached_prompt_tokens, cache_write_tokens, completion_tokens, total_tokens } = record;
    const given = [prompt_tokens, cached_prompt_tokens, cache_write_tokens, completion_tokens, total_tokens];
    if (given.every((tokens) => tokens === undefined || tokens === null)) return;
    this.#count("usage.records", 1);
    this.#count("tokens.input", prompt_tokens ?? 0);
    this.#count("tokens.output", completion_tokens ?? 0);
    this.#count("tokens.total", total_tokens ?? (prompt_tokens ?? 0) + (completion_tokens ?? 0));
  }

  /** Only what ran to its end and names all three costs can be compared, so only that counts. */
  #countCosts({ lifecycle_state, cost_savings, baseline_cost, actual_cost, currency }: ReplayRecord): void {
    if (lifecycle_state !== "completed") return;
    if (typeof cost_savings !== "number" || typeof baseline_cost !== "number" || typeof actual_cost !== "number")
      return;
    this.#cost(currency ?? "", {
      totalSaved: amountOf(cost_savings),
      baselineSpend: amountOf(baseline_cost),
      actualSpend: amountOf(actual_cost),
      records: 1,
    });
  }

  #count(name: string, count: number): void {
    const sum = this.count(name) + count;
    if (sum === 0) this.#counts.delete(name);
    else this.#counts.set(name, sum);
  }

  #cost(currency: string, sums: Readonly<CostSums>): void {
    const present = this.#costs.get(currency);
    const sum = {
      totalSaved: (present?.totalSaved ?? 0n) + sums.totalSaved,
      baselineSpend: (present?.baselineSpend ?? 0n) + sums.baselineSpend,
      actualSpend: (present?.actualSpend ?? 0n) + sums.actualSpend,
      records: (present?.records ?? 0) + sums.records,
    };
    const isNothing = [sum.totalSaved, sum.baselineSpend, sum.actualSpend].every((amount) => amount === 0n);
    if (isNothing && sum.records === 0) this.#costs.delete(currency);
    else this.#costs.set(currency, sum);
  }
}
