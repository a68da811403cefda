import type { Transaction } from "../../collections/index.js";
import { advanceConversation, appendTurnItems, assertConversationRevision } from "../conversations/append-items.js";
import { conversationsCollection, type StoredConversation } from "../history/conversation-document.js";
import type { Item } from "../history/item.js";
import { notFound } from "../history/refusals.js";
import { ProblemList } from "../history/problems.js";
import { responsesCollection, type StoredResponse, type StoredResponseBody } from "../history/response-document.js";
import type { PreparedResponse } from "./prepare-response.js";
import { resolveReferences } from "./resolve-items.js";
import type { ResponseReader } from "./response-reader.js";
import { isPartOfConversation } from "./status.js";
import type { Threads } from "./threads.js";

export interface TurnOptions {
  /**
   * The revision of the conversation from which the turn was started. When it is given, the conversation must still be
   * at it, and moves on with this write, so that of two turns started side by side one is refused at once.
   */
  readonly ifConversationRevision?: number | undefined;
}

/** Writes responses, always inside a transaction of the caller. */
export class ResponseWriter {
  readonly #threads: Threads;
  readonly #reader: ResponseReader;

  constructor(threads: Threads, reader: ResponseReader) {
    this.#threads = threads;
    this.#reader = reader;
  }

  /**
   * Writes a prepared response over what is stored under its id, if anything, and with it everything that depends on it:
   * its thread, and, once its turn is over, the items of its conversation. One transaction, so a crash leaves all of it
   * or nothing, and the items can be neither missing nor there twice.
   *
   * @param stored the readable version that is replaced.
   */
  async write(
    transaction: Transaction,
    prepared: PreparedResponse,
    stored: StoredResponse | undefined,
    { ifConversationRevision }: TurnOptions = {},
  ): Promise<void> {
    const conversation = await this.#conversationFor(transaction, prepared, stored);
    const { id, response, previous } = prepared;
    const input = await this.#resolved(transaction, prepared, conversation?.id);
    const thread = await this.#threads.join(transaction, {
      id,
      previous,
      conversation: conversation?.id,
      current: stored?.body.thread,
    });
    const appended = stored?.body.appended ?? false;
    const append = conversation !== undefined && !appended && isPartOfConversation(response);
    const owner = stored === undefined ? prepared.owner : stored.body.owner;
    const body: StoredResponseBody = {
      response,
      input,
      thread,
      ...(conversation === undefined ? {} : { conversation: conversation.id }),
      ...(owner === undefined ? {} : { owner }),
      ...(appended || append ? { appended: true } : {}),
    };
    if (conversation !== undefined && (append || ifConversationRevision !== undefined)) {
      assertConversationRevision(conversation, ifConversationRevision);
      await advanceConversation(transaction, conversation);
    }
    if (append) {
      await appendTurnItems(transaction, conversation.id, { response: id, input, output: response.output });
    }
    // `put` also for a new response: under its id there may be an expired one that has not been removed yet. That no
    // living one is there was read in this transaction, which runs again if that changes.
    await transaction.collection(responsesCollection).put(id, body);
  }

  /**
   * The conversation a response is in. A new response must name one that is there. One that was recorded before and
   * whose conversation was deleted in the meantime leaves it: the turn still ends, with nothing to append to.
   */
  async #conversationFor(
    transaction: Transaction,
    { conversation, owner }: PreparedResponse,
    stored: StoredResponse | undefined,
  ): Promise<StoredConversation | undefined> {
    if (conversation === undefined) return undefined;
    const found = await transaction.collection(conversationsCollection).get(conversation);
    const isVisible =
      found !== undefined &&
      this.#reader.access({
        surface: "conversations",
        id: conversation,
        action: "write",
        caller: owner,
        owner: found.body.owner,
      });
    if (isVisible) return found;
    if (stored !== undefined) return undefined;
    throw notFound("conversation", conversation);
  }

  async #resolved(
    transaction: Transaction,
    { input, previous, owner }: PreparedResponse,
    conversation: string | undefined,
  ): Promise<Item[]> {
    const problems = new ProblemList();
    const items = await resolveReferences(
      transaction,
      input,
      { conversation, previous },
      (id) => this.#reader.find(transaction, id, "read", owner),
      "/input",
      problems,
    );
    problems.throwIfAny("The response can not be stored.");
    return items;
  }
}
