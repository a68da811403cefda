import type { Transaction } from "../../collections/index.js";
import type { OwnerOptions } from "../history/access.js";
import { newId } from "../history/identifiers.js";
import { ProblemList } from "../history/problems.js";
import type { Reader } from "../history/reader.js";
import { once, type Idempotency } from "../idempotency/index.js";
import { attachFiles } from "./attach-files.js";
import { attachmentsCollection, type Attachment } from "./attachment-document.js";
import { batchesCollection, type Batch } from "./batch-document.js";
import { secondsNow, type VectorStoreContext } from "./context.js";
import { settleNoted } from "./delete-vector-store.js";
import { noteReleases } from "./detach-files.js";
import { filesOfBatch } from "./file-to-attach.js";
import type { Intents } from "./intents.js";
import { notFound } from "./refusals.js";
import { requireVectorStore } from "./require-vector-store.js";
import { cancelled } from "./settle-attachment.js";
import { attachmentsOf, filesOfBatchPage, visibleBatch } from "./visible-batch.js";
import type { AttachmentPage, AttachmentPageOptions, VisibleBatch } from "./visible-batch.js";

/**
 * Many files attached in one call, all of them or none. A batch has no state of its own but whether it was cancelled: its
 * status and counts follow from its files, each of which someone brings to its end, so none is in progress for ever.
 */
export class FileBatches {
  readonly #context: VectorStoreContext;
  readonly #intents: Intents;
  /** Called when something was queued. */
  readonly #wake: () => void;

  constructor(context: VectorStoreContext, intents: Intents, wake: () => void) {
    this.#context = context;
    this.#intents = intents;
    this.#wake = wake;
  }

  /**
   * Attaches 1 to 2,000 files.
   *
   * @param given `file_ids` with shared `attributes` and `chunking_strategy`, or `files` with their own, as in the OpenAI
   * API.
   * @throws HoldfastError `INVALID_DOCUMENT` with every problem listed, also for a vector store that has expired;
   * `NOT_FOUND` for the vector store, or with every file that is not there.
   */
  async create(
    vectorStore: string,
    given: unknown,
    { owner, idempotency }: OwnerOptions & { readonly idempotency?: Idempotency | undefined } = {},
  ): Promise<VisibleBatch> {
    const problems = new ProblemList();
    const named = filesOfBatch(given, problems);
    problems.throwIfAny("The file batch can not be created.");
    const [id = ""] = await this.#context.store.transaction((transaction) =>
      once(transaction, idempotency, async () => {
        const stored = await requireVectorStore(transaction, this.#context, vectorStore, "write", owner);
        await attachFiles(transaction, this.#context, stored, named, owner);
        const batch = newId("vsfb_");
        await transaction.collection(batchesCollection).insert(batch, {
          batch: {
            id: batch,
            object: "vector_store.files_batch",
            created_at: secondsNow(this.#context),
            vector_store_id: vectorStore,
          },
          files: named.map(({ file }) => file.file_id),
          cancelled: false,
        });
        return [batch];
      }),
    );
    this.#wake();
    return this.get(vectorStore, id, { owner });
  }

  /** @throws HoldfastError `NOT_FOUND` for the vector store, or a batch that is not in it. */
  async get(vectorStore: string, id: string, { owner }: OwnerOptions = {}): Promise<VisibleBatch> {
    const { store } = this.#context;
    await requireVectorStore(store, this.#context, vectorStore, "read", owner);
    return visibleBatch(store, await requireBatch(store, vectorStore, id));
  }

  /**
   * Cancels what is still in progress; what has come to its end stays. Results that come later are dropped.
   *
   * @throws HoldfastError `NOT_FOUND`.
   */
  async cancel(vectorStore: string, id: string, { owner }: OwnerOptions = {}): Promise<VisibleBatch> {
    const { stopped, noted } = await this.#context.store.transaction(async (transaction) => {
      await requireVectorStore(transaction, this.#context, vectorStore, "write", owner);
      const found = await cancelInProgress(transaction, await requireBatch(transaction, vectorStore, id));
      return { stopped: found, noted: await noteReleases(transaction, this.#context, this.#intents, found) };
    });
    for (const { body } of stopped) this.#intents.stopIngesting(body);
    for (const intent of noted) await settleNoted(this.#intents, intent);
    return this.get(vectorStore, id, { owner });
  }

  /**
   * Reads a page of a batch's files, ordered as they were named.
   *
   * @throws HoldfastError `NOT_FOUND`, `INVALID_CURSOR`, `INVALID_CONFIG`.
   */
  async listFiles(
    vectorStore: string,
    id: string,
    options: AttachmentPageOptions & OwnerOptions = {},
  ): Promise<AttachmentPage> {
    const { store } = this.#context;
    await requireVectorStore(store, this.#context, vectorStore, "read", options.owner);
    return filesOfBatchPage(store, await requireBatch(store, vectorStore, id), options);
  }
}

/** A batch of another vector store is not found. */
async function requireBatch(reader: Reader, vectorStore: string, id: string): Promise<Batch> {
  const found = await reader.collection(batchesCollection).get(id);
  if (found?.body.batch.vector_store_id !== vectorStore) throw notFound("file batch", id);
  return found;
}

/** @returns what was cancelled, as it was before. */
async function cancelInProgress(transaction: Transaction, batch: Batch): Promise<Attachment[]> {
  const stopped: Attachment[] = [];
  for await (const attachment of attachmentsOf(transaction, batch)) {
    if (attachment.body.vector_store_file.status === "in_progress") stopped.push(attachment);
  }
  const collection = transaction.collection(attachmentsCollection);
  for (const { id, body } of stopped) await collection.put(id, cancelled(body));
  // A batch that had come to its end is not cancelled any more, only answered.
  if (stopped.length > 0) {
    await transaction.collection(batchesCollection).put(batch.id, { ...batch.body, cancelled: true });
  }
  return stopped;
}
