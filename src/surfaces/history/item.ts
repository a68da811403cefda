import { z } from "zod";
import { itemIdSchema } from "./identifiers.js";

/**
 * One item of a history: a message, a tool call, its output, reasoning, or a type that was invented after this program.
 * Only what the store itself needs is checked; every other member is kept as it came.
 */
export const itemSchema = z.looseObject({ id: itemIdSchema, type: z.string().min(1) });
export type Item = z.infer<typeof itemSchema>;

/** Most items that one create or add call of the conversations API may bring. */
export const mostItemsPerCall = 20;

/** One page of items, in the order asked for. */
export interface ItemPage {
  readonly items: Item[];
  readonly hasMore: boolean;
}

export interface ItemPageOptions {
  /** By position in the history. Default `"desc"`, the wire's default. */
  readonly order?: "asc" | "desc";
  /** 1 to 100. Default 20. */
  readonly limit?: number;
  /** Continue behind the item of this id, in the chosen order. */
  readonly after?: string;
  /** End before the item of this id. Not together with `after`. */
  readonly before?: string;
  /** Extra members to show; see {@link visibleItem}. */
  readonly include?: readonly string[];
}
