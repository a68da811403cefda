import type { Maintained, Store } from "../../collections/index.js";
import { HoldfastError } from "../../errors.js";
import { ownerMatches, type AccessCheck, type OwnerOptions } from "../history/access.js";
import { derivedId } from "../history/identifiers.js";
import type { Item, ItemPage, ItemPageOptions } from "../history/item.js";
import { normalizeItems, type ItemInput } from "../history/normalize-items.js";
import { alreadyExists, assertRevision, notFound } from "../history/refusals.js";
import { ProblemList } from "../history/problems.js";
import { removeResponse, type RemovalMemory } from "../history/remove-response.js";
import { removingTransaction } from "../history/removing-transaction.js";
import { responsesCollection, type StoredResponse } from "../history/response-document.js";
import { once, type Idempotency } from "../idempotency/index.js";
import { assertComplete, defaultChainLimit, followChain, type ResponseChain } from "./chain.js";
import { removeExpiredThreads } from "./expiry.js";
import { pageOfItems } from "./input-items.js";
import { listResponses, type ListResponsesOptions, type ResponsePage } from "./list-responses.js";
import { mergePatch } from "./merge-patch.js";
import { prepareResponse, type RecordedResponse } from "./prepare-response.js";
import { resolveReferences } from "./resolve-items.js";
import { ResponseReader } from "./response-reader.js";
import { ResponseWriter, type TurnOptions } from "./response-writer.js";
import { isFinished } from "./status.js";
import { Threads } from "./threads.js";

/** 30 days, as the hosted service keeps a response. */
export const defaultTimeToLiveMs = 30 * 24 * 60 * 60 * 1000;

export interface ResponsesOptions {
  /** How long a history stays after the last write to any of its responses, in milliseconds. Default 30 days. */
  readonly timeToLiveMs?: number;
  /** Decides who may do what. Default: {@link ownerMatches}. */
  readonly access?: AccessCheck;
  /** The clock that expiry goes by, in milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

export interface RecordOptions extends TurnOptions {
  /** Makes a repeated call return what the first one created, for 24 hours. */
  readonly idempotency?: Idempotency | undefined;
}

export interface ChangeOptions extends OwnerOptions, TurnOptions {
  /** Go ahead only if the stored response is at this revision; 0 means that there must be none. */
  readonly ifRevision?: number | undefined;
}

export interface ChainOptions extends OwnerOptions {
  /** Throw instead of returning a chain that is not complete. Default false. */
  readonly strict?: boolean;
  /** Most responses to follow. Default 1,000. */
  readonly limit?: number;
}

/** A merge patch for each part of a stored response. */
export interface ResponsePatch {
  /** Merged into the response object by RFC 7396. */
  readonly response?: unknown;
  /** Replaces the turn's input. */
  readonly input?: ItemInput;
}

/**
 * What a router answered, so that it can be read and continued after any restart.
 *
 * A turn is recorded in one phase, once its answer may be shown, or in two: `record` with status `in_progress` before
 * the upstream is asked, then `patch` or `replace` with the outcome after the output guard has passed. Only an outcome
 * that is not `failed` or `cancelled` enters the conversation, so an answer that the guard stopped never becomes
 * history. Acknowledge to the client only after the second call has resolved: before that, the id may lead nowhere.
 *
 * All writes may reject as the store's do. What the caller may not see is not found, never forbidden.
 */
export class Responses implements Maintained {
  readonly #store: Store;
  readonly #threads: Threads;
  readonly #reader: ResponseReader;
  readonly #writer: ResponseWriter;
  readonly #memory: RemovalMemory;

  /** @throws HoldfastError `INVALID_CONFIG` if the time to live is not a positive number. */
  constructor(store: Store, options: ResponsesOptions = {}) {
    const { timeToLiveMs = defaultTimeToLiveMs, access = ownerMatches, now = Date.now } = options;
    if (!(Number.isFinite(timeToLiveMs) && timeToLiveMs > 0)) {
      throw new HoldfastError("INVALID_CONFIG", `timeToLiveMs must be a positive number, not ${timeToLiveMs}.`);
    }
    this.#store = store;
    this.#threads = new Threads(timeToLiveMs, now);
    this.#reader = new ResponseReader(this.#threads, access);
    this.#writer = new ResponseWriter(this.#threads, this.#reader);
    this.#memory = { timeToLiveMs, now };
  }

  /**
   * Stores a new response; durable when this resolves.
   *
   * @throws HoldfastError `INVALID_DOCUMENT`; `ALREADY_EXISTS`; `NOT_FOUND` if its conversation does not exist;
   * `REVISION_CONFLICT` with `details.conversation` if another turn was faster.
   */
  async record(recorded: RecordedResponse, { idempotency, ...turn }: RecordOptions = {}): Promise<StoredResponse> {
    const prepared = prepareResponse(recorded);
    const [id = prepared.id] = await this.#store.transaction((transaction) =>
      once(transaction, idempotency, async () => {
        if (await this.#reader.isTaken(transaction, prepared.id)) throw alreadyExists("response", prepared.id);
        await this.#writer.write(transaction, prepared, undefined, turn);
        return [prepared.id];
      }),
    );
    return this.#written(id);
  }

  /**
   * Stores a response, new or not. The owner of a stored one stays.
   *
   * @throws HoldfastError `INVALID_DOCUMENT`, `NOT_FOUND`, `REVISION_CONFLICT` as {@link record}; `ALREADY_EXISTS` if the
   * id is in use by another owner.
   */
  async replace(
    id: string,
    recorded: RecordedResponse,
    { ifRevision, owner = recorded.owner, ...turn }: ChangeOptions = {},
  ): Promise<{ readonly stored: StoredResponse; readonly created: boolean }> {
    const prepared = prepareResponse({ ...recorded, owner }, id);
    const created = await this.#store.transaction(async (transaction) => {
      const stored = await this.#reader.find(transaction, id, "write", owner);
      if (stored === undefined && (await this.#reader.isTaken(transaction, id))) throw alreadyExists("response", id);
      assertRevision("response", id, stored?.revision ?? 0, ifRevision);
      // What is in a conversation stays in it, also when the new version does not say so again.
      const conversation = prepared.conversation ?? stored?.body.conversation;
      await this.#writer.write(transaction, { ...prepared, conversation }, stored, turn);
      return stored === undefined;
    });
    return { stored: await this.#written(id), created };
  }

  /**
   * Changes parts of a stored response: the second phase of a turn.
   *
   * @throws HoldfastError `NOT_FOUND`, `INVALID_DOCUMENT`, `REVISION_CONFLICT`.
   */
  async patch(id: string, patch: ResponsePatch, options: ChangeOptions = {}): Promise<StoredResponse> {
    await this.#change(id, options, ({ body }) => ({
      response: mergePatch(body.response, patch.response ?? {}),
      input: patch.input === undefined ? body.input : patch.input,
    }));
    return this.#written(id);
  }

  /**
   * Ends a background response that is not finished. The router that works on it sees the change in the store; its own
   * outcome should then be written with `ifRevision`, so that it does not revive what was cancelled.
   *
   * @returns the response; unchanged if it was finished already.
   * @throws HoldfastError `NOT_FOUND`; `INVALID_DOCUMENT` if it was not made in the background.
   */
  async cancel(id: string, options: OwnerOptions = {}): Promise<StoredResponse> {
    await this.#change(id, options, ({ body: { response, input } }) => {
      if (response["background"] !== true) {
        throw HoldfastError.ofProblems("INVALID_DOCUMENT", "Only a background response can be cancelled.", [
          { path: "/response_id", message: `${JSON.stringify(id)} was not created with background: true` },
        ]);
      }
      return isFinished(response) ? undefined : { response: { ...response, status: "cancelled" }, input };
    });
    return this.#written(id);
  }

  /** Reads one response with its input. @returns `undefined` if there is none that the caller may see. */
  async get(id: string, { owner }: OwnerOptions = {}): Promise<StoredResponse | undefined> {
    return this.#reader.find(this.#store, id, "read", owner);
  }

  /**
   * Deletes one response. Its conversation keeps the items; chains that lead through it report the break.
   *
   * @returns whether there was one.
   * @throws HoldfastError `REVISION_CONFLICT`
   */
  async delete(id: string, { owner, ifRevision }: ChangeOptions = {}): Promise<boolean> {
    return removingTransaction(this.#store, async (transaction, deletesOnly) => {
      const stored = await this.#reader.find(transaction, id, "delete", owner);
      assertRevision("response", id, stored?.revision ?? 0, ifRevision);
      if (stored === undefined) return false;
      await removeResponse(transaction, id, "deleted", this.#memory, deletesOnly);
      return true;
    });
  }

  /**
   * Reads a page of a turn's own input.
   *
   * @throws HoldfastError `NOT_FOUND`, `INVALID_CURSOR`, `INVALID_CONFIG`.
   */
  async inputItems(id: string, options: ItemPageOptions & OwnerOptions = {}): Promise<ItemPage> {
    const stored = await this.get(id, options);
    if (stored === undefined) throw notFound("response", id);
    return pageOfItems(stored.body.input, options);
  }

  /**
   * Reads the history that ends with a response, oldest first. A history with a gap is returned as far as it goes, with
   * the reason; a caller that must not answer from half a history asks for `strict`.
   *
   * @throws HoldfastError `NOT_FOUND` with `details.previousResponseId` and `details.reason` when strict.
   */
  async chain(
    id: string,
    { owner, strict = false, limit = defaultChainLimit }: ChainOptions = {},
  ): Promise<ResponseChain> {
    const known = new Map<string, boolean>();
    const chain = await followChain(this.#store, id, limit, (next) =>
      this.#reader.look(this.#store, next, "read", owner, known),
    );
    if (strict) assertComplete(chain, id);
    return chain;
  }

  /**
   * Reads a page of responses, all or those of a conversation.
   *
   * @throws HoldfastError `NOT_FOUND` if the conversation does not exist; `INVALID_CURSOR`; `INVALID_CONFIG`.
   */
  async list(options: ListResponsesOptions = {}): Promise<ResponsePage> {
    return listResponses(this.#store, this.#reader, options);
  }

  /**
   * Brings the input of a coming turn into the stored form, with item references replaced by what they refer to: what a
   * router sends upstream when a client refers to stored items.
   *
   * @throws HoldfastError `INVALID_DOCUMENT` naming each reference that leads nowhere.
   */
  async resolveItems(
    input: ItemInput,
    scope: OwnerOptions & { readonly conversation?: string; readonly previousResponseId?: string },
  ): Promise<Item[]> {
    const problems = new ProblemList();
    const nameItem = (prefix: string, position: number): string => derivedId(prefix, "input", position);
    const items = await resolveReferences(
      this.#store,
      normalizeItems(input, { path: "/input", nameItem, problems }),
      { conversation: scope.conversation, previous: scope.previousResponseId },
      (id) => this.get(id, scope),
      "/input",
      problems,
    );
    problems.throwIfAny("The input can not be used.");
    return items;
  }

  /**
   * Removes what has expired, in bounded transactions; what an earlier run left is taken up again. Nothing that can be
   * read changes, so it may run at any time.
   *
   * @returns how many responses were removed.
   */
  async removeExpired({ signal }: { readonly signal?: AbortSignal } = {}): Promise<number> {
    return removeExpiredThreads(this.#store, this.#threads, this.#memory, signal);
  }

  /** Removes what has expired; see {@link removeExpired}. */
  async maintain(options: { readonly signal: AbortSignal }): Promise<void> {
    await this.removeExpired(options);
  }

  /** Changes a stored response by what `change` makes of it; `undefined` leaves it as it is. */
  async #change(
    id: string,
    { owner, ifRevision, ...turn }: ChangeOptions,
    change: (stored: StoredResponse) => Omit<RecordedResponse, "conversation" | "owner"> | undefined,
  ): Promise<void> {
    await this.#store.transaction(async (transaction) => {
      const stored = await this.#reader.find(transaction, id, "write", owner);
      if (stored === undefined) throw notFound("response", id);
      assertRevision("response", id, stored.revision, ifRevision);
      const changed = change(stored);
      if (changed === undefined) return;
      const prepared = prepareResponse({ ...changed, owner }, id);
      const conversation = stored.body.conversation ?? prepared.conversation;
      await this.#writer.write(transaction, { ...prepared, conversation }, stored, turn);
    });
  }

  /** The response as it is stored after a write: this one, or a later one that has overtaken the reading. */
  async #written(id: string): Promise<StoredResponse> {
    const stored = await this.#store.collection(responsesCollection).get(id);
    if (stored === undefined) throw notFound("response", id);
    return stored;
  }
}
