import { conversationItemsCollection } from "../history/conversation-document.js";
import { conversationItemKey, itemIdSchema } from "../history/identifiers.js";
import { itemSchema, type Item } from "../history/item.js";
import type { ProblemList } from "../history/problems.js";
import type { Reader } from "../history/reader.js";
import type { StoredResponse } from "../history/response-document.js";
import { defaultChainLimit } from "./chain.js";

/** Where the items that a turn refers to may stand. */
export interface ReferenceScope {
  readonly conversation: string | undefined;
  readonly previous: string | undefined;
}

/**
 * Replaces each `{type: "item_reference", id}` by the stored item of that id, looked for in the conversation and then in
 * the chain of previous responses, newest first. What can not be resolved is noted as a problem: a turn is never stored
 * with a hole in it.
 *
 * @param lookup reads a response the caller may see, or `undefined`.
 */
export async function resolveReferences(
  reader: Reader,
  items: readonly Item[],
  scope: ReferenceScope,
  lookup: (id: string) => Promise<StoredResponse | undefined>,
  path: string,
  problems: ProblemList,
): Promise<Item[]> {
  const wanted = new Set(items.filter(isReference).map((item) => item.id));
  if (wanted.size === 0) return [...items];
  const found = new Map<string, Item>();
  if (scope.conversation !== undefined) {
    for (const id of wanted) {
      const stored = await reader
        .collection(conversationItemsCollection)
        .get(conversationItemKey(scope.conversation, id));
      if (stored !== undefined) found.set(id, stored.body.item);
    }
  }
  const visited = new Set<string>();
  let next = scope.previous;
  while (next !== undefined && found.size < wanted.size && !visited.has(next) && visited.size < defaultChainLimit) {
    visited.add(next);
    const response = await lookup(next);
    for (const item of response === undefined ? [] : itemsOf(response)) {
      if (wanted.has(item.id) && !found.has(item.id)) found.set(item.id, item);
    }
    next = response?.body.response.previous_response_id ?? undefined;
  }
  const resolved: Item[] = [];
  const taken = new Set(items.filter((item) => !isReference(item)).map((item) => item.id));
  items.forEach((item, position) => {
    const target = isReference(item) ? found.get(item.id) : item;
    if (target === undefined) {
      problems.add(
        `${path}/${position}/id`,
        `refers to ${JSON.stringify(item.id)}, which is not stored in this history`,
      );
    } else if (!isReference(item)) {
      resolved.push(target);
    } else if (!taken.has(target.id)) {
      // An item that the turn names twice, or names and brings, is one item.
      taken.add(target.id);
      resolved.push(target);
    }
  });
  return resolved;
}

function isReference(item: Item): boolean {
  return item.type === "item_reference";
}

function itemsOf({ body }: StoredResponse): Item[] {
  const outputs = body.response.output.filter((item) => itemIdSchema.safeParse(item["id"]).success);
  return [...outputs, ...body.input].filter((item): item is Item => itemSchema.safeParse(item).success);
}
