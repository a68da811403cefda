import { isDeepStrictEqual } from "node:util";
import type { Transaction } from "../../collections/index.js";
import { HoldfastError } from "../../errors.js";
import {
  conversationItemsCollection,
  conversationsCollection,
  type StoredConversation,
} from "../history/conversation-document.js";
import { conversationItemKey, derivedId, itemIdSchema } from "../history/identifiers.js";
import type { Item } from "../history/item.js";
import { idPrefixOf } from "../history/normalize-items.js";

/** What one turn brings to a conversation. */
export interface TurnItems {
  readonly response: string;
  readonly input: readonly Item[];
  readonly output: readonly { readonly [member: string]: unknown; readonly type: string }[];
}

/**
 * Appends a turn's input and output to its conversation. The caller sees to it that this happens once for each response,
 * in the transaction that marks it as done.
 *
 * An input item that stands in the conversation already is the client sending history back, or a resolved reference:
 * it is not doubled. An output item is always new. Where its id, or that of a different input item, is taken (there are
 * models that name every answer alike), it gets one of its own, so that no item is lost.
 */
export async function appendTurnItems(
  transaction: Transaction,
  conversation: string,
  { response, input, output }: TurnItems,
): Promise<void> {
  const collection = transaction.collection(conversationItemsCollection);
  const append = async (item: Item, part: "input" | "output", position: number): Promise<void> => {
    const key = conversationItemKey(conversation, item.id);
    const present = await collection.get(key);
    if (present === undefined) {
      await collection.insert(key, { conversation, item, response });
    } else if (part === "output" || !isDeepStrictEqual(present.body.item, item)) {
      const renamed = { ...item, id: derivedId(idPrefixOf(item.type), conversation, response, part, position) };
      await collection.put(conversationItemKey(conversation, renamed.id), { conversation, item: renamed, response });
    }
  };
  for (const [position, item] of input.entries()) await append(item, "input", position);
  for (const [position, item] of output.entries()) {
    const id =
      itemIdSchema.safeParse(item["id"]).data ?? derivedId(idPrefixOf(item.type), response, "output", position);
    await append({ ...item, id }, "output", position);
  }
}

/**
 * Appends items that were added by hand.
 *
 * @throws HoldfastError `ALREADY_EXISTS` if the conversation has an item of that id.
 */
export async function appendNewItems(
  transaction: Transaction,
  conversation: string,
  items: readonly Item[],
): Promise<void> {
  const collection = transaction.collection(conversationItemsCollection);
  for (const item of items) {
    const key = conversationItemKey(conversation, item.id);
    if ((await collection.get(key)) !== undefined) {
      throw new HoldfastError(
        "ALREADY_EXISTS",
        `The conversation ${JSON.stringify(conversation)} has an item ${JSON.stringify(item.id)} already. ` +
          "Leave the id out to have the item named.",
        { details: { conversation, item: item.id } },
      );
    }
    await collection.insert(key, { conversation, item });
  }
}

/**
 * The lock of a turn: of two that were started from the same revision, one wins and the other is told.
 *
 * @param ifRevision the revision the turn was started from; not checked when absent.
 * @throws HoldfastError `REVISION_CONFLICT` with `details.conversation`.
 */
export function assertConversationRevision({ id, revision }: StoredConversation, ifRevision: number | undefined): void {
  if (ifRevision === undefined || revision === ifRevision) return;
  throw new HoldfastError(
    "REVISION_CONFLICT",
    `Another turn changed the conversation ${JSON.stringify(id)}: it is at revision ${revision}, not ${ifRevision}. ` +
      "Read its items again and repeat the turn.",
    { details: { conversation: id, expected: ifRevision, found: revision } },
  );
}

/** Lets a conversation's revision grow, as every change of its items does, so that turns under way find it changed. */
export async function advanceConversation(transaction: Transaction, { id, body }: StoredConversation): Promise<void> {
  await transaction.collection(conversationsCollection).put(id, body);
}
