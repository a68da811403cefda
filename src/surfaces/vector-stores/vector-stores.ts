import { randomUUID } from "node:crypto";
import type { Maintained, Reconciled, Reconciliation, Store, Transaction } from "../../collections/index.js";
import { isHoldfastError, type ErrorCode } from "../../errors.js";
import { ownerMatches, type AccessCheck, type OwnerOptions } from "../history/access.js";
import { visiblePage, type VisiblePageOptions } from "../history/visible-page.js";
import { touch } from "./attach-files.js";
import type { Attachment, AttachmentBody, VectorStoreFile } from "./attachment-document.js";
import { failAbandoned } from "./attachment-repair.js";
import { Attachments } from "./attachments.js";
import { secondsNow, type VectorStoreContext } from "./context.js";
import { createVectorStore, type CreationOptions } from "./create-vector-store.js";
import { deleteVectorStore } from "./delete-vector-store.js";
import { expireVectorStores } from "./expiry.js";
import { FileBatches } from "./file-batches.js";
import { UploadedFiles, type FileDirectory } from "./file-directory.js";
import type { Ingestion } from "./ingester.js";
import { IngestionQueue } from "./ingestion-queue.js";
import { Intents } from "./intents.js";
import { reconcile } from "./reconcile.js";
import { expired } from "./refusals.js";
import { mayAccess, requireVectorStore } from "./require-vector-store.js";
import { backendFailure, type SearchRequest, type SearchResult, type VectorBackend } from "./vector-backend.js";
import { vectorStoresCollection, type StoredVectorStore } from "./vector-store-document.js";
import { isExpired } from "./vector-store-expiry.js";
import { checkedUpdate } from "./vector-store-request.js";
import type { AttachmentPage, AttachmentPageOptions } from "./visible-batch.js";
import { summaryOf, visibleVectorStore, type VisibleVectorStore } from "./visible-vector-store.js";

export interface VectorStoresOptions {
  /** Where the chunks live. Default: nowhere, only metadata is kept. */
  readonly backend?: VectorBackend | undefined;
  /** Who ingests attached files. Default `"none"`. */
  readonly ingestion?: Ingestion | undefined;
  /** How many files an ingester of this process gets at once. Default 2. */
  readonly ingestionWorkers?: number | undefined;
  /** How long an external ingestion may be silent before it is taken for dead, in milliseconds. Default 15 minutes. */
  readonly leaseMs?: number | undefined;
  /** Decides who may do what. Default: {@link ownerMatches}. */
  readonly access?: AccessCheck;
  /** Where attached files are looked up. Default: those uploaded to the same store. */
  readonly files?: FileDirectory;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
  /** Gets what stops the ingestion of files for a while; nothing of it is lost. Default: a warning of the process. */
  readonly onFailure?: (error: unknown) => void;
}

export interface VectorStorePage {
  readonly vectorStores: VisibleVectorStore[];
  readonly hasMore: boolean;
}

/**
 * Vector stores, the files attached to them, and batches of those: their metadata. The chunks are in a
 * {@link VectorBackend}, if there is one.
 *
 * All writes may reject as the store's do. What the caller may not see is not found, never forbidden. A vector store that
 * has expired can be read and deleted; everything else is refused with `INVALID_DOCUMENT`.
 */
export class VectorStores implements Reconciled, Maintained {
  readonly batches: FileBatches;
  readonly #context: VectorStoreContext;
  readonly #queue: IngestionQueue | undefined;
  readonly #intents: Intents;
  readonly #attachments: Attachments;

  constructor(store: Store, options: VectorStoresOptions = {}) {
    const { access = ownerMatches, now = Date.now, ingestion = "none", onFailure = warn } = options;
    this.#context = {
      store,
      access,
      now,
      backend: options.backend,
      ingestion,
      files: options.files ?? new UploadedFiles(access, now),
      leaseMs: options.leaseMs ?? 15 * 60 * 1000,
      process: randomUUID(),
    };
    if (typeof ingestion !== "string") {
      this.#queue = new IngestionQueue({
        store,
        files: this.#context.files,
        ingester: ingestion,
        process: this.#context.process,
        workers: options.ingestionWorkers ?? 2,
        onDropped: (attachment) => this.#afterDropped(attachment),
        onFailure,
      });
    }
    this.#intents = new Intents(this.#context, this.#queue ?? { isRunning: () => false, cancel: () => undefined });
    const wake = (): void => this.#queue?.wake();
    this.#attachments = new Attachments(this.#context, this.#intents, wake);
    this.batches = new FileBatches(this.#context, this.#intents, wake);
  }

  /**
   * Creates a vector store, its collection in the backend, and attaches its first files: all of it or nothing.
   *
   * @param given the body of the OpenAI call; unknown members are kept.
   * @throws HoldfastError `INVALID_DOCUMENT` with every problem listed; `NOT_FOUND` with every file that is not there;
   * `BACKEND_FAILED`.
   */
  async create(given: unknown = {}, options: CreationOptions = {}): Promise<VisibleVectorStore> {
    const id = await createVectorStore(this.#context, this.#intents, given, options);
    this.#queue?.wake();
    const { store } = this.#context;
    return this.#visible(await requireVectorStore(store, this.#context, id, "read", options.owner));
  }

  /** @returns `undefined` if there is none that the caller may see. */
  async get(id: string, { owner }: OwnerOptions = {}): Promise<VisibleVectorStore | undefined> {
    const found = await this.#context.store.collection(vectorStoresCollection).get(id);
    return found !== undefined && mayAccess(this.#context, found, "read", owner) ? this.#visible(found) : undefined;
  }

  /** Reads a page, by creation. @throws HoldfastError `INVALID_CURSOR`, `INVALID_CONFIG`. */
  async list(options: VisiblePageOptions & OwnerOptions = {}): Promise<VectorStorePage> {
    const collection = this.#context.store.collection(vectorStoresCollection);
    const page = await visiblePage(collection, options, {}, (document) =>
      mayAccess(this.#context, document, "read", options.owner),
    );
    const vectorStores: VisibleVectorStore[] = [];
    for (const document of page.documents) vectorStores.push(await this.#visible(document));
    return { vectorStores, hasMore: page.hasMore };
  }

  /**
   * Changes name, description, metadata or expiry. What is left out stays, `null` empties. It counts as activity.
   *
   * @throws HoldfastError `NOT_FOUND`, `INVALID_DOCUMENT`.
   */
  async update(id: string, given: unknown, { owner }: OwnerOptions = {}): Promise<VisibleVectorStore> {
    const change = checkedUpdate(given);
    const { store } = this.#context;
    await store.transaction(async (transaction) => {
      const { body } = await this.#requireLive(transaction, id, owner);
      const vector_store = { ...change(body.vector_store), last_active_at: secondsNow(this.#context) };
      await transaction.collection(vectorStoresCollection).put(id, { ...body, vector_store });
    });
    return this.#visible(await requireVectorStore(store, this.#context, id, "read", owner));
  }

  /**
   * Deletes a vector store. The files stay, attached to it no more.
   *
   * @returns whether there was one; from then on it can not be found. If the backend does not answer, its collection is
   * removed later: that is noted, and {@link maintain} reports it.
   * @throws HoldfastError `BACKEND_FAILED` on a full disk only, where nothing can be noted: then the store is still there.
   */
  async delete(id: string, { owner }: OwnerOptions = {}): Promise<boolean> {
    return deleteVectorStore(this.#context, this.#intents, id, async (transaction) => {
      const found = await transaction.collection(vectorStoresCollection).get(id);
      return found !== undefined && mayAccess(this.#context, found, "delete", owner) ? found : undefined;
    });
  }

  /** Whether {@link search} can be called. */
  get canSearch(): boolean {
    return this.#context.backend?.search !== undefined;
  }

  /** @throws HoldfastError `NOT_FOUND`, `INVALID_DOCUMENT` for an expired store; `BACKEND_FAILED`. */
  async search(id: string, request: SearchRequest, { owner }: OwnerOptions = {}): Promise<readonly SearchResult[]> {
    const { store, backend } = this.#context;
    const found = await this.#requireLive(store, id, owner, "read");
    const collection = found.body.backend?.collection;
    if (backend?.search === undefined || collection === undefined) {
      throw backendFailure(
        backend?.name ?? "none",
        "search",
        new Error("it has no search, or the store no collection"),
      );
    }
    let results: readonly SearchResult[];
    try {
      results = await backend.search(collection, request);
    } catch (error) {
      throw backendFailure(backend.name, `search the collection ${JSON.stringify(collection)}`, error);
    }
    await this.#noteActivity(id, owner);
    return results;
  }

  /**
   * Attaches a file. One that is attached already stays as it is, unless its ingestion has failed or was cancelled: then
   * it begins anew.
   *
   * @param given `file_id`, and perhaps `attributes` and `chunking_strategy`, as in the OpenAI API.
   * @throws HoldfastError `NOT_FOUND` for the vector store or the file; `INVALID_DOCUMENT`.
   */
  attach(vectorStore: string, given: unknown, options: OwnerOptions = {}): Promise<VectorStoreFile> {
    return this.#attachments.attach(vectorStore, given, options);
  }

  /** Reads a page of a store's files. @throws HoldfastError `NOT_FOUND`, `INVALID_CURSOR`, `INVALID_CONFIG`. */
  listFiles(vectorStore: string, options: AttachmentPageOptions & OwnerOptions = {}): Promise<AttachmentPage> {
    return this.#attachments.list(vectorStore, options);
  }

  /**
   * @returns the attachment with its ownership token and who ingests it; `undefined` if the file is not attached.
   * @throws HoldfastError `NOT_FOUND` for the vector store.
   */
  getFile(vectorStore: string, file: string, options: OwnerOptions = {}): Promise<Attachment | undefined> {
    return this.#attachments.get(vectorStore, file, options);
  }

  /** Replaces the attributes; `null` empties them. @throws HoldfastError `NOT_FOUND`, `INVALID_DOCUMENT`. */
  updateFile(
    vectorStore: string,
    file: string,
    attributes: unknown,
    options: OwnerOptions = {},
  ): Promise<VectorStoreFile> {
    return this.#attachments.update(vectorStore, file, attributes, options);
  }

  /** Detaches a file; the file itself stays. @returns whether it was attached. @throws HoldfastError `NOT_FOUND`. */
  detach(vectorStore: string, file: string, options: OwnerOptions = {}): Promise<boolean> {
    return this.#attachments.detach(vectorStore, file, options);
  }

  /**
   * Takes what an external ingestion reports of a file: its end, or, with status `in_progress`, that it goes on, which
   * renews its lease. A report may be repeated.
   *
   * @param given `status`, `usage_bytes`, `last_error` (for `failed`), and the ownership token as `attachment`.
   * @throws HoldfastError `NOT_FOUND` if the file is not attached; `REVISION_CONFLICT` if it was attached anew since, or
   * has come to another end: then the result is to be dropped; `INVALID_DOCUMENT`.
   */
  settleFile(vectorStore: string, file: string, given: unknown, options: OwnerOptions = {}): Promise<Attachment> {
    return this.#attachments.settle(vectorStore, file, given, options);
  }

  /** The rule by which a file that is deleted leaves every vector store, in the same transaction: `files.onDelete` takes it. */
  readonly detachDeleted = (transaction: Transaction, file: string, deletesOnly: boolean): Promise<void> =>
    this.#attachments.detachDeleted(transaction, file, deletesOnly);

  /** Fails what died with the last owner, settles what it left half done, and compares with the backend. */
  async reconcile(): Promise<Reconciliation[]> {
    return reconcile(this.#context, this.#intents);
  }

  /**
   * Expires what is due, fails silent ingestions, and carries out what is still noted.
   *
   * @throws AggregateError with everything that failed for now; it is tried again each time.
   */
  async maintain({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.#queue?.wake();
    const failures: unknown[] = [];
    // First, because it only removes, which makes room for what writes.
    for (const { id } of await this.#intents.pending()) {
      signal.throwIfAborted();
      try {
        await this.#intents.settle(id, signal);
      } catch (error) {
        if (!isHoldfastError(error, "BACKEND_FAILED")) throw error;
        failures.push(error);
      }
    }
    await failAbandoned(this.#context, this.#intents, signal);
    failures.push(...(await expireVectorStores(this.#context, this.#intents, signal)));
    if (failures.length > 0) {
      const reasons = failures.map(String).join("\n  ");
      throw new AggregateError(failures, `The vector backend still owes ${failures.length} removals:\n  ${reasons}`);
    }
  }

  /** Ends the ingestions of this process. To be called before the store is closed. Can be called again. */
  async close(): Promise<void> {
    await this.#queue?.stop();
  }

  async #visible({ id, body }: StoredVectorStore): Promise<VisibleVectorStore> {
    return visibleVectorStore(body, await summaryOf(this.#context.store, id), secondsNow(this.#context));
  }

  async #requireLive(
    reader: Store | Transaction,
    id: string,
    owner: string | undefined,
    action: "read" | "write" = "write",
  ): Promise<StoredVectorStore> {
    const found = await requireVectorStore(reader, this.#context, id, action, owner);
    if (isExpired(found.body, secondsNow(this.#context))) throw expired(id);
    return found;
  }

  async #noteActivity(id: string, owner: string | undefined): Promise<void> {
    try {
      await this.#context.store.transaction(async (transaction) => {
        await touch(
          transaction,
          this.#context,
          await requireVectorStore(transaction, this.#context, id, "read", owner),
        );
      });
    } catch (error) {
      // Searching is reading: it must go on while nothing can be written, and the store may just have been deleted.
      if (!isHoldfastError(error) || !unwritable.has(error.code)) throw error;
    }
  }

  /** An ingestion ended whose attachment is no more: what had to wait for it can be carried out. */
  async #afterDropped({ vector_store_file: { vector_store_id } }: AttachmentBody): Promise<void> {
    for (const { id } of await this.#intents.pending(vector_store_id)) await this.#intents.settle(id);
  }
}

const unwritable: ReadonlySet<ErrorCode> = new Set(["STORAGE_FULL", "STORAGE_FAILED", "READ_ONLY", "NOT_FOUND"]);

function warn(error: unknown): void {
  process.emitWarning(`Holdfast could not go on ingesting files: ${String(error)}`);
}
