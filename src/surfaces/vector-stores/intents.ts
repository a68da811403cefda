import type { Transaction } from "../../collections/index.js";
import { HoldfastError, isHoldfastError } from "../../errors.js";
import { removingTransaction } from "../history/removing-transaction.js";
import type { AttachmentBody } from "./attachment-document.js";
import type { VectorStoreContext } from "./context.js";
import { intentId, intentsCollection, type Intent, type IntentBody, type NewIntent } from "./intent-document.js";
import { removeContents } from "./remove-contents.js";
import { backendFailure } from "./vector-backend.js";
import type { BackendCollection } from "./vector-store-document.js";

const intentsPerPage = 1_000;

/** What came of carrying out an intent: it is done, or has to wait for an ingestion of this process to end. */
export type IntentOutcome = "settled" | "waiting";

/** The ingestions of this process, as far as intents care: what still writes must end before its traces are removed. */
export interface RunningIngestions {
  isRunning(matches: (attachment: AttachmentBody) => boolean): boolean;
  cancel(matches: (attachment: AttachmentBody) => boolean): void;
}

/**
 * Notes what is about to be done outside the store, and carries out what was noted.
 *
 * Crash argument: the note is durable before the outside is asked. Carrying out only removes, and removing what is gone
 * is fine, so it may be interrupted anywhere and begun again; the note goes last. A creation removes its note in the very
 * transaction that stores the vector store, so one that is still noted was never acknowledged to anyone.
 */
export class Intents {
  readonly #context: VectorStoreContext;
  readonly #ingestions: RunningIngestions;
  /** Those that a call of this process is in the middle of: nobody else may touch them. */
  readonly #underWay = new Set<string>();

  constructor(context: VectorStoreContext, ingestions: RunningIngestions) {
    this.#context = context;
    this.#ingestions = ingestions;
  }

  /** Notes an intent as part of a transaction. @returns its id. */
  async note(transaction: Transaction, intent: NewIntent): Promise<string> {
    const id = intentId(intent);
    await transaction.collection(intentsCollection).put(id, { ...intent, attempts: 0 });
    return id;
  }

  /** Runs a call during which an intent is neither finished nor rolled back by anyone else. */
  async during<Result>(id: string, call: () => Promise<Result>): Promise<Result> {
    this.#underWay.add(id);
    try {
      return await call();
    } finally {
      this.#underWay.delete(id);
    }
  }

  /** Those that are to be carried out, oldest first; of one vector store when it is given. */
  async pending(vectorStore?: string): Promise<Intent[]> {
    const collection = this.#context.store.collection(intentsCollection);
    const pending: Intent[] = [];
    for (let after: string | undefined; ;) {
      const page = await collection.list({
        limit: intentsPerPage,
        ...(vectorStore === undefined ? {} : { where: { vector_store: vectorStore } }),
        ...(after === undefined ? {} : { after }),
      });
      pending.push(...page.documents.filter(({ id }) => !this.#underWay.has(id)));
      after = page.documents.at(-1)?.id;
      if (!page.hasMore) return pending;
    }
  }

  /**
   * Carries out one intent, if it is still there.
   *
   * @throws HoldfastError `BACKEND_FAILED`, in which case the intent stays, with the failure noted in it; what the store
   * throws.
   */
  async settle(id: string, signal?: AbortSignal): Promise<IntentOutcome> {
    const intent = await this.#begin(id);
    if (intent === undefined) return "settled";
    try {
      if ((await this.#carryOut(intent, signal)) === "waiting") return "waiting";
    } catch (error) {
      if (isHoldfastError(error, "BACKEND_FAILED")) await this.#noteFailure(id, error);
      throw error;
    }
    await removingTransaction(this.#context.store, (transaction) =>
      transaction.collection(intentsCollection).delete(id),
    );
    return "settled";
  }

  /**
   * Counts the attempt, durably. It also proves that this process still owns the state, and that no write of it is in
   * doubt: after a failed sync or a takeover a creation may turn out to have been stored after all, and its collection
   * must not be rolled back.
   */
  async #begin(id: string): Promise<IntentBody | undefined> {
    const collection = this.#context.store.collection(intentsCollection);
    try {
      await collection.update(id, (body) => ({ ...body, attempts: body.attempts + 1 }));
    } catch (error) {
      if (isHoldfastError(error, "NOT_FOUND")) return undefined;
      // A full disk refuses writes before they are tried: nothing is in doubt, and carrying out is what makes room.
      if (!isHoldfastError(error, "STORAGE_FULL")) throw error;
    }
    return (await collection.get(id))?.body;
  }

  async #carryOut(intent: IntentBody, signal: AbortSignal | undefined): Promise<IntentOutcome> {
    const { action, vector_store_id, backend, attachment } = intent;
    const isConcerned =
      action === "release"
        ? (running: AttachmentBody) => running.attachment === attachment?.attachment
        : (running: AttachmentBody) => running.vector_store_file.vector_store_id === vector_store_id;
    if (action === "delete") await removeContents(this.#context.store, vector_store_id, signal);
    this.#ingestions.cancel(isConcerned);
    if (this.#ingestions.isRunning(isConcerned)) return "waiting";
    if (action === "release") {
      if (attachment !== undefined) await this.release(attachment);
    } else if (backend !== undefined) {
      await this.removeCollection(backend);
    }
    return "settled";
  }

  /** Removes what the ingestion of an attachment made. @throws HoldfastError `BACKEND_FAILED` */
  async release(attachment: AttachmentBody): Promise<void> {
    const { ingestion } = this.#context;
    if (typeof ingestion === "string") return;
    const { id, vector_store_id } = attachment.vector_store_file;
    try {
      await ingestion.remove?.(attachment);
    } catch (error) {
      throw backendFailure("ingester", `remove what it made of the file ${id} in ${vector_store_id}`, error);
    }
  }

  /** @throws HoldfastError `BACKEND_FAILED` also if the backend that has the collection is not the one there is now. */
  async removeCollection({ name, collection }: BackendCollection): Promise<void> {
    const { backend } = this.#context;
    if (backend?.name !== name) {
      throw new HoldfastError(
        "BACKEND_FAILED",
        `The collection ${JSON.stringify(collection)} is to be removed from the vector backend ${JSON.stringify(name)}, ` +
          `which is not configured${backend === undefined ? "" : `; ${JSON.stringify(backend.name)} is`}.`,
        { details: { backend: name, collection } },
      );
    }
    try {
      await backend.delete(collection);
    } catch (error) {
      throw backendFailure(name, `remove the collection ${JSON.stringify(collection)}`, error);
    }
  }

  /** Tells the ingestion of an attachment that is no more to end, if it runs in this process. Its result is dropped anyway. */
  stopIngesting({ attachment }: AttachmentBody): void {
    this.#ingestions.cancel((running) => running.attachment === attachment);
  }

  async #noteFailure(id: string, failure: HoldfastError): Promise<void> {
    try {
      await this.#context.store
        .collection(intentsCollection)
        .update(id, (body) => ({ ...body, last_failure: failure.message.slice(0, 2_000).toWellFormed() }));
    } catch (error) {
      // The failure itself is thrown to the caller; only a note of it for later has no room, or nothing to stand in.
      if (!isHoldfastError(error, "STORAGE_FULL") && !isHoldfastError(error, "NOT_FOUND")) throw error;
    }
  }
}
