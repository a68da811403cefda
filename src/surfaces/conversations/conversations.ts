import type { Maintained, Store, Transaction } from "../../collections/index.js";
import { HoldfastError, isHoldfastError } from "../../errors.js";
import { ownerMatches, type AccessCheck, type AccessRequest, type OwnerOptions } from "../history/access.js";
import {
  conversationDeletionsCollection,
  conversationItemsCollection,
  conversationObjectSchema,
  conversationsCollection,
  type StoredConversation,
} from "../history/conversation-document.js";
import { conversationItemKey, newId } from "../history/identifiers.js";
import { mostItemsPerCall, type Item, type ItemPage, type ItemPageOptions } from "../history/item.js";
import { metadataSchema } from "../history/metadata.js";
import { normalizeItems, type ItemInput } from "../history/normalize-items.js";
import { alreadyExists, assertRevision, notFound } from "../history/refusals.js";
import { assertPageOptions, pageLimits } from "../history/page-options.js";
import { ProblemList } from "../history/problems.js";
import type { Reader } from "../history/reader.js";
import { removingTransaction } from "../history/removing-transaction.js";
import type { RemovalMemory } from "../history/remove-response.js";
import { visibleItem } from "../history/visible-item.js";
import { visiblePage, type VisiblePageOptions } from "../history/visible-page.js";
import { once, type Idempotency } from "../idempotency/index.js";
import { advanceConversation, appendNewItems, assertConversationRevision } from "./append-items.js";
import { deleteOnFullDisk, finishDeletion, finishDeletions } from "./deletion.js";

export interface ConversationsOptions {
  /** Decides who may do what. Default: {@link ownerMatches}. */
  readonly access?: AccessCheck;
  /** How long a response that went with its conversation is known to have been deleted, in milliseconds. Default 30 days. */
  readonly timeToLiveMs?: number;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

export interface CreateConversation extends OwnerOptions {
  /** Default: a new one, `conv_` and 24 hexadecimal digits. */
  readonly id?: string;
  readonly metadata?: unknown;
  /** At most 20. */
  readonly items?: ItemInput;
  readonly idempotency?: Idempotency | undefined;
}

export interface ChangeConversation extends OwnerOptions {
  /** Go ahead only if the conversation is at this revision; 0 means that there must be none. */
  readonly ifRevision?: number | undefined;
}

export interface AddItems extends ChangeConversation {
  readonly idempotency?: Idempotency | undefined;
}

/**
 * Conversations and their items. They do not expire. A conversation's revision grows with each change of its items, so
 * `ifRevision` is the lock of a turn: read the conversation and its items, ask the model, and append what came of it
 * only if nobody else did.
 *
 * All writes may reject as the store's do. What the caller may not see is not found, never forbidden.
 */
export class Conversations implements Maintained {
  readonly #store: Store;
  readonly #access: AccessCheck;
  readonly #memory: RemovalMemory;

  constructor(store: Store, options: ConversationsOptions = {}) {
    const { access = ownerMatches, timeToLiveMs = 30 * 24 * 60 * 60 * 1000, now = Date.now } = options;
    this.#store = store;
    this.#access = access;
    this.#memory = { timeToLiveMs, now };
  }

  /**
   * Creates a conversation, with its first items if there are any.
   *
   * @throws HoldfastError `INVALID_DOCUMENT`, `ALREADY_EXISTS`.
   */
  async create(given: CreateConversation = {}): Promise<StoredConversation> {
    const id = given.id ?? newId("conv_");
    const created_at = Math.floor(this.#memory.now() / 1000);
    const problems = new ProblemList();
    const items = itemsToAdd(given.items, problems);
    const whole = { id, object: "conversation", created_at, metadata: given.metadata ?? {} };
    const conversation = problems.accepted(problems.check(conversationObjectSchema, whole, ""), refusal);
    // An id that is used again must not inherit what is left of the conversation before.
    if (given.id !== undefined) await finishDeletion(this.#store, id, this.#memory);
    const [createdId = id] = await this.#store.transaction((transaction) =>
      once(transaction, given.idempotency, async () => {
        await assertNotBeingDeleted(transaction, id);
        await transaction
          .collection(conversationsCollection)
          .insert(id, { conversation, ...(given.owner === undefined ? {} : { owner: given.owner }) });
        await appendNewItems(transaction, id, items);
        return [id];
      }),
    );
    return this.#written(createdId);
  }

  /**
   * Creates or replaces the conversation object, for a router that has ids of its own. Items and owner stay.
   *
   * @param given the conversation object; `object`, `created_at` and `metadata` may be left out, unknown members are kept.
   * @throws HoldfastError `INVALID_DOCUMENT`, `REVISION_CONFLICT`; `ALREADY_EXISTS` if it belongs to someone else.
   */
  async replace(
    id: string,
    given: Readonly<Record<string, unknown>>,
    { owner, ifRevision }: ChangeConversation = {},
  ): Promise<{ readonly stored: StoredConversation; readonly created: boolean }> {
    await finishDeletion(this.#store, id, this.#memory);
    const created = await this.#store.transaction(async (transaction) => {
      await assertNotBeingDeleted(transaction, id);
      const collection = transaction.collection(conversationsCollection);
      const stored = await collection.get(id);
      if (stored !== undefined && !this.#allows(stored, "write", owner)) throw alreadyExists("conversation", id);
      const problems = new ProblemList();
      const created_at = stored?.body.conversation.created_at ?? Math.floor(this.#memory.now() / 1000);
      const whole = { id, object: "conversation", created_at, ...given, metadata: given["metadata"] ?? {} };
      const checked = problems.check(conversationObjectSchema, whole, "/conversation");
      if (whole.id !== id) problems.add("/conversation/id", `must be ${JSON.stringify(id)}`);
      const conversation = problems.accepted(checked, refusal);
      assertRevision("conversation", id, stored?.revision ?? 0, ifRevision);
      const keeps = stored === undefined ? owner : stored.body.owner;
      await collection.put(id, { conversation, ...(keeps === undefined ? {} : { owner: keeps }) });
      return stored === undefined;
    });
    return { stored: await this.#written(id), created };
  }

  /** Replaces the metadata; `null` empties it. @throws HoldfastError `NOT_FOUND`, `INVALID_DOCUMENT`, `REVISION_CONFLICT`. */
  async setMetadata(
    id: string,
    metadata: unknown,
    { owner, ifRevision }: ChangeConversation = {},
  ): Promise<StoredConversation> {
    const problems = new ProblemList();
    const checked = problems.accepted(problems.check(metadataSchema, metadata ?? {}, "/metadata"), refusal);
    await this.#store.transaction(async (transaction) => {
      const stored = await this.#require(transaction, id, "write", owner);
      assertRevision("conversation", id, stored.revision, ifRevision);
      const conversation = { ...stored.body.conversation, metadata: checked };
      await transaction.collection(conversationsCollection).put(id, { ...stored.body, conversation });
    });
    return this.#written(id);
  }

  /** @returns `undefined` if there is none that the caller may see. */
  async get(id: string, { owner }: OwnerOptions = {}): Promise<StoredConversation | undefined> {
    const stored = await this.#store.collection(conversationsCollection).get(id);
    return stored !== undefined && this.#allows(stored, "read", owner) ? stored : undefined;
  }

  /**
   * Deletes a conversation. From the moment this is durable it can not be found, nor any of its items; what they take up
   * is then removed step by step. Responses stay, outside of any conversation, unless `alsoResponses` is given.
   *
   * @returns whether there was one.
   * @throws HoldfastError `REVISION_CONFLICT`; what the store throws, in which case the conversation may be gone while
   * the removal is still to be finished: {@link finishDeletions} does it.
   */
  async delete(
    id: string,
    { owner, ifRevision, alsoResponses = false }: ChangeConversation & { readonly alsoResponses?: boolean } = {},
  ): Promise<boolean> {
    const isDeletable = async (transaction: Transaction): Promise<boolean> => {
      const stored = await transaction.collection(conversationsCollection).get(id);
      if (stored === undefined || !this.#allows(stored, "delete", owner)) return false;
      assertRevision("conversation", id, stored.revision, ifRevision);
      return true;
    };
    const note = { also_responses: alsoResponses };
    try {
      const deleted = await this.#store.transaction(async (transaction) => {
        if (!(await isDeletable(transaction))) return false;
        await transaction.collection(conversationsCollection).delete(id);
        await transaction.collection(conversationDeletionsCollection).put(id, note);
        return true;
      });
      if (deleted) await finishDeletion(this.#store, id, this.#memory);
      return deleted;
    } catch (error) {
      if (!isHoldfastError(error, "STORAGE_FULL")) throw error;
      return deleteOnFullDisk(this.#store, id, alsoResponses, isDeletable);
    }
  }

  /** Takes up deletions that were interrupted. To be called when a store is opened. @returns how many there were. */
  async finishDeletions({ signal }: { readonly signal?: AbortSignal } = {}): Promise<number> {
    return finishDeletions(this.#store, this.#memory, signal);
  }

  /** Finishes interrupted deletions; see {@link finishDeletions}. */
  async maintain(options: { readonly signal: AbortSignal }): Promise<void> {
    await this.finishDeletions(options);
  }

  /**
   * Adds up to 20 items by hand.
   *
   * @returns the added items, in order.
   * @throws HoldfastError `NOT_FOUND`, `INVALID_DOCUMENT`; `ALREADY_EXISTS` if an id is taken in this conversation;
   * `REVISION_CONFLICT` with `details.conversation`.
   */
  async addItems(id: string, items: ItemInput, options: AddItems = {}): Promise<Item[]> {
    const problems = new ProblemList();
    return this.#append(id, problems.accepted(itemsToAdd(items, problems), "The items can not be stored."), options);
  }

  /**
   * Appends what a turn brought, however many items: input first, then output. With `ifRevision` set to the revision
   * that the turn was started from, one of two simultaneous turns is refused and nothing of it is stored.
   *
   * @returns the appended items, in order.
   * @throws HoldfastError as {@link addItems}.
   */
  async appendTurn(id: string, items: ItemInput, options: AddItems = {}): Promise<Item[]> {
    const problems = new ProblemList();
    const turn = normalizeItems(items, { path: "/items", nameItem: newId, problems });
    return this.#append(id, problems.accepted(turn, "The items can not be stored."), options);
  }

  /** Reads a page of items. @throws HoldfastError `NOT_FOUND`, `INVALID_CURSOR`, `INVALID_CONFIG`. */
  async items(id: string, options: ItemPageOptions & OwnerOptions = {}): Promise<ItemPage> {
    const { order = "desc", limit = pageLimits.standard, after, before, include } = options;
    assertPageOptions(options);
    await this.#require(this.#store, id, "read", options.owner);
    const page = await this.#store.collection(conversationItemsCollection).list({
      where: { conversation: id },
      order,
      limit,
      ...(after === undefined ? {} : { after: conversationItemKey(id, after) }),
      ...(before === undefined ? {} : { before: conversationItemKey(id, before) }),
    });
    return { items: page.documents.map(({ body }) => visibleItem(body.item, include)), hasMore: page.hasMore };
  }

  /** @returns `undefined` if the conversation has no such item. @throws HoldfastError `NOT_FOUND` for the conversation. */
  async item(
    id: string,
    item: string,
    { owner, include }: OwnerOptions & Pick<ItemPageOptions, "include"> = {},
  ): Promise<Item | undefined> {
    await this.#require(this.#store, id, "read", owner);
    const found = await this.#store.collection(conversationItemsCollection).get(conversationItemKey(id, item));
    return found && visibleItem(found.body.item, include);
  }

  /** Deletes one item. @returns whether there was one. @throws HoldfastError `NOT_FOUND`, `REVISION_CONFLICT`. */
  async deleteItem(id: string, item: string, { owner, ifRevision }: ChangeConversation = {}): Promise<boolean> {
    return removingTransaction(this.#store, async (transaction, deletesOnly) => {
      const stored = await this.#require(transaction, id, "write", owner);
      const deleted = await transaction.collection(conversationItemsCollection).delete(conversationItemKey(id, item));
      assertConversationRevision(stored, ifRevision);
      // On a full disk the revision stays: a turn that is under way may then have read the item.
      if (deleted && !deletesOnly) await advanceConversation(transaction, stored);
      return deleted;
    });
  }

  /** Reads a page of conversations, which the wire has no call for. @throws HoldfastError `INVALID_CURSOR`, `INVALID_CONFIG`. */
  async list(
    options: VisiblePageOptions & OwnerOptions = {},
  ): Promise<{ readonly conversations: StoredConversation[]; readonly hasMore: boolean }> {
    const collection = this.#store.collection(conversationsCollection);
    const page = await visiblePage(collection, options, {}, (document) =>
      this.#allows(document, "read", options.owner),
    );
    return { conversations: page.documents, hasMore: page.hasMore };
  }

  async #append(id: string, items: readonly Item[], { owner, ifRevision, idempotency }: AddItems): Promise<Item[]> {
    const ids = await this.#store.transaction((transaction) =>
      once(transaction, idempotency, async () => {
        const stored = await this.#require(transaction, id, "write", owner);
        assertConversationRevision(stored, ifRevision);
        await advanceConversation(transaction, stored);
        await appendNewItems(transaction, id, items);
        return items.map((item) => item.id);
      }),
    );
    const added: Item[] = [];
    for (const item of ids) {
      const found = await this.#store.collection(conversationItemsCollection).get(conversationItemKey(id, item));
      if (found !== undefined) added.push(found.body.item);
    }
    return added;
  }

  async #require(
    reader: Reader,
    id: string,
    action: AccessRequest["action"],
    caller: string | undefined,
  ): Promise<StoredConversation> {
    const stored = await reader.collection(conversationsCollection).get(id);
    if (stored === undefined || !this.#allows(stored, action, caller)) throw notFound("conversation", id);
    return stored;
  }

  #allows({ id, body }: StoredConversation, action: AccessRequest["action"], caller: string | undefined): boolean {
    return this.#access({ surface: "conversations", id, action, caller, owner: body.owner });
  }

  async #written(id: string): Promise<StoredConversation> {
    const stored = await this.#store.collection(conversationsCollection).get(id);
    if (stored === undefined) throw notFound("conversation", id);
    return stored;
  }
}

const refusal = "The conversation can not be stored.";

/** The items of one call, of which there may be no more than the wire allows. */
function itemsToAdd(items: ItemInput, problems: ProblemList): Item[] {
  if (Array.isArray(items) && items.length > mostItemsPerCall) {
    problems.add("/items", `has ${items.length} elements; at most ${mostItemsPerCall} are taken in one call`);
    return [];
  }
  return normalizeItems(items, { path: "/items", nameItem: newId, problems });
}

async function assertNotBeingDeleted(transaction: Transaction, id: string): Promise<void> {
  if ((await transaction.collection(conversationDeletionsCollection).get(id)) === undefined) return;
  throw new HoldfastError(
    "ALREADY_EXISTS",
    `The conversation ${JSON.stringify(id)} is being deleted. Its id can be used again once that is finished.`,
    { details: { kind: "conversation", id } },
  );
}
