import type { Store, Transaction } from "../../collections/index.js";
import type { OwnerOptions } from "../history/access.js";
import { assertPageOptions, pageLimits } from "../history/page-options.js";
import { ProblemList } from "../history/problems.js";
import type { Reader } from "../history/reader.js";
import { removingTransaction } from "../history/removing-transaction.js";
import { attachFiles } from "./attach-files.js";
import { attachmentKey, attachmentsCollection, type Attachment, type VectorStoreFile } from "./attachment-document.js";
import { attributesSchema } from "./attributes.js";
import type { AttachmentPage, AttachmentPageOptions } from "./visible-batch.js";
import type { VectorStoreContext } from "./context.js";
import { settleNoted } from "./delete-vector-store.js";
import { detach, detachEverywhere } from "./detach-files.js";
import { fileToAttachSchema } from "./file-to-attach.js";
import type { Intents } from "./intents.js";
import { notAttached } from "./refusals.js";
import { requireVectorStore } from "./require-vector-store.js";
import { settled, settlementSchema } from "./settle-attachment.js";

/** The files of vector stores, one at a time. */
export class Attachments {
  readonly #context: VectorStoreContext;
  readonly #intents: Intents;
  readonly #store: Store;
  /** Called when something was queued. */
  readonly #wake: () => void;

  constructor(context: VectorStoreContext, intents: Intents, wake: () => void) {
    this.#context = context;
    this.#intents = intents;
    this.#store = context.store;
    this.#wake = wake;
  }

  async attach(vectorStore: string, given: unknown, { owner }: OwnerOptions): Promise<VectorStoreFile> {
    const problems = new ProblemList();
    const file = problems.accepted(
      problems.check(fileToAttachSchema, given, ""),
      "The file can not be attached to the vector store.",
    );
    const [attached] = await this.#store.transaction(async (transaction) => {
      const stored = await requireVectorStore(transaction, this.#context, vectorStore, "write", owner);
      return attachFiles(transaction, this.#context, stored, [{ path: "/file_id", file }], owner);
    });
    this.#wake();
    if (attached === undefined) throw notAttached(vectorStore, file.file_id);
    return attached.vector_store_file;
  }

  async list(vectorStore: string, options: AttachmentPageOptions & OwnerOptions): Promise<AttachmentPage> {
    assertPageOptions(options);
    await requireVectorStore(this.#store, this.#context, vectorStore, "read", options.owner);
    const { order = "desc", limit = pageLimits.standard, after, before, filter } = options;
    const page = await this.#store.collection(attachmentsCollection).list({
      where: { vector_store: vectorStore, ...(filter === undefined ? {} : { status: filter }) },
      order,
      limit,
      ...(after === undefined ? {} : { after: attachmentKey(vectorStore, after) }),
      ...(before === undefined ? {} : { before: attachmentKey(vectorStore, before) }),
    });
    return { files: page.documents.map(({ body }) => body.vector_store_file), hasMore: page.hasMore };
  }

  async get(vectorStore: string, file: string, { owner }: OwnerOptions): Promise<Attachment | undefined> {
    await requireVectorStore(this.#store, this.#context, vectorStore, "read", owner);
    return this.#store.collection(attachmentsCollection).get(attachmentKey(vectorStore, file));
  }

  async update(vectorStore: string, file: string, given: unknown, { owner }: OwnerOptions): Promise<VectorStoreFile> {
    const problems = new ProblemList();
    const attributes = problems.accepted(
      problems.check(attributesSchema, given ?? {}, "/attributes"),
      "The attributes can not be stored.",
    );
    const changed = await this.#store.transaction(async (transaction) => {
      await requireVectorStore(transaction, this.#context, vectorStore, "write", owner);
      const { id, body } = await this.#required(transaction, vectorStore, file);
      const vector_store_file = { ...body.vector_store_file, attributes };
      await transaction.collection(attachmentsCollection).put(id, { ...body, vector_store_file });
      return vector_store_file;
    });
    return changed;
  }

  async detach(vectorStore: string, file: string, { owner }: OwnerOptions): Promise<boolean> {
    const detached = await removingTransaction(this.#store, async (transaction, deletesOnly) => {
      await requireVectorStore(transaction, this.#context, vectorStore, "write", owner);
      const attachment = await transaction.collection(attachmentsCollection).get(attachmentKey(vectorStore, file));
      if (attachment === undefined) return undefined;
      const noted = await detach(transaction, this.#context, this.#intents, attachment, deletesOnly);
      return { attachment, noted, deletesOnly };
    });
    if (detached === undefined) return false;
    this.#intents.stopIngesting(detached.attachment.body);
    for (const intent of detached.noted) await settleNoted(this.#intents, intent);
    // On a full disk it could not be noted. If this fails, the caller is told, and what is left goes with the store.
    if (detached.deletesOnly) await this.#intents.release(detached.attachment.body);
    return true;
  }

  async settle(vectorStore: string, file: string, given: unknown, { owner }: OwnerOptions): Promise<Attachment> {
    const problems = new ProblemList();
    const settlement = problems.check(settlementSchema, given, "");
    if (settlement?.status === "failed" && (settlement.last_error ?? null) === null) {
      problems.add("/last_error", "is required for the status failed");
    }
    const accepted = problems.accepted(settlement, "The outcome of the ingestion can not be taken.");
    const until = this.#context.now() + this.#context.leaseMs;
    await this.#store.transaction(async (transaction) => {
      await requireVectorStore(transaction, this.#context, vectorStore, "write", owner);
      const attachment = await this.#required(transaction, vectorStore, file);
      const changed = settled(attachment, accepted, until);
      if (changed !== undefined) await transaction.collection(attachmentsCollection).put(attachment.id, changed);
    });
    return this.#required(this.#store, vectorStore, file);
  }

  async detachDeleted(transaction: Transaction, file: string, deletesOnly: boolean): Promise<void> {
    await detachEverywhere(transaction, this.#context, this.#intents, file, deletesOnly);
  }

  async #required(reader: Reader, vectorStore: string, file: string): Promise<Attachment> {
    const found = await reader.collection(attachmentsCollection).get(attachmentKey(vectorStore, file));
    if (found === undefined) throw notAttached(vectorStore, file);
    return found;
  }
}
