import { createHash } from "node:crypto";
import { z } from "zod";
import { defineCollection } from "../../collections/index.js";
import { decisionKeyOf } from "./decision-key.js";
import type { ReplayRecord } from "./replay-record.js";
import type { Dimensions } from "./replay-query.js";

const decimalSchema = z.string().regex(/^-?\d+\.\d{12}$/);

/**
 * A cell: what the records with the same recipe, decision, models and manner of answering add up to. Every filter over
 * those is a choice of cells, so a total takes reading some small documents, however many records there are.
 */
export const replayCounterSchema = z.looseObject({
  recipe: z.string().optional(),
  decision: z.string().optional(),
  selected_model: z.string().optional(),
  original_model: z.string().optional(),
  from_cache: z.boolean(),
  streaming: z.boolean(),
  /** By name, such as `records`, `lifecycle.completed`, `signals.keyword`; what is zero is left out. */
  counts: z.record(z.string(), z.int()),
  costs: z.array(
    z.looseObject({
      currency: z.string(),
      total_saved: decimalSchema,
      baseline_spend: decimalSchema,
      actual_spend: decimalSchema,
      records: z.int(),
    }),
  ),
});
export type ReplayCounter = z.infer<typeof replayCounterSchema>;

export const replayCountersCollection = defineCollection<ReplayCounter>({
  name: "replay_counters",
  schema: replayCounterSchema,
});

/**
 * The one document of this collection says that the cells are exact, and what all of them add up to. On a full disk
 * records are removed by deletions alone, which can not bring a cell up to date: then this document goes in the same
 * transaction, and with it the word for the cells, until they have been counted anew.
 */
export const replayTotalsSchema = z.looseObject({ records: z.int().min(0), bytes: z.int().min(0) });
export type ReplayTotals = z.infer<typeof replayTotalsSchema>;

export const replayTotalsCollection = defineCollection<ReplayTotals>({
  name: "replay_totals",
  schema: replayTotalsSchema,
});
export const totalsId = "totals";

export function dimensionsOf(record: ReplayRecord): Dimensions {
  const { recipe, decision, selected_model, original_model } = record;
  return {
    recipe,
    decision,
    decision_key: decisionKeyOf(recipe, decision),
    selected_model,
    original_model,
    from_cache: record.from_cache === true,
    streaming: record.streaming === true,
  };
}

export function dimensionsOfCell(cell: ReplayCounter): Dimensions {
  const { recipe, decision, selected_model, original_model, from_cache, streaming } = cell;
  const decision_key = decisionKeyOf(recipe, decision);
  return { recipe, decision, decision_key, selected_model, original_model, from_cache, streaming };
}

/** The same dimensions always have the same cell. */
export function cellIdOf(dimensions: Dimensions): string {
  const { recipe, decision, selected_model, original_model, from_cache, streaming } = dimensions;
  const parts = [recipe, decision, selected_model, original_model].map((part) => part ?? null);
  const digest = createHash("sha256").update(JSON.stringify([...parts, from_cache, streaming]));
  return `cell_${digest.digest("hex").slice(0, 32)}`;
}
