import { HoldfastError } from "../../errors.js";
import { assertPageOptions } from "../history/page-options.js";
import type { Item, ItemPage, ItemPageOptions } from "../history/item.js";
import { visibleItem } from "../history/visible-item.js";

/**
 * Cuts a page out of a response's input.
 *
 * @throws HoldfastError `INVALID_CURSOR` if `after` or `before` names no item of the input; `INVALID_CONFIG` for a limit
 * out of range, or for both cursors at once.
 */
export function pageOfItems(items: readonly Item[], options: ItemPageOptions): ItemPage {
  const { order = "desc", limit = 20, after, before, include } = options;
  assertPageOptions(options);
  const ordered = order === "asc" ? [...items] : [...items].reverse();
  let first = after === undefined ? 0 : positionOf(ordered, "after", after) + 1;
  let end = first + limit;
  let hasMore = end < ordered.length;
  if (before !== undefined) {
    end = positionOf(ordered, "before", before);
    first = Math.max(0, end - limit);
    hasMore = first > 0;
  }
  return { items: ordered.slice(first, end).map((item) => visibleItem(item, include)), hasMore };
}

function positionOf(items: readonly Item[], cursor: "after" | "before", id: string): number {
  const position = items.findIndex((item) => item.id === id);
  if (position >= 0) return position;
  throw new HoldfastError(
    "INVALID_CURSOR",
    `${cursor} names the item ${JSON.stringify(id)}, which is not in this list.`,
    {
      details: { parameter: cursor, id },
    },
  );
}
