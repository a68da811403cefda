import type { Readable } from "node:stream";
import type {
  BlobStore,
  ByteRange,
  Maintained,
  Reconciled,
  Reconciliation,
  Store,
  StoredBlob,
} from "../../collections/index.js";
import { HoldfastError, isHoldfastError } from "../../errors.js";
import { ownerMatches, type AccessCheck, type AccessRequest, type OwnerOptions } from "../history/access.js";
import { newId } from "../history/identifiers.js";
import { once, type Idempotency } from "../idempotency/index.js";
import { dayOf, expiredFiles, isExpired } from "./expiry.js";
import { filesCollection, type StoredFile, type StoredFileBody } from "./file-document.js";
import { filePage, type FilePage, type ListFilesOptions } from "./file-page.js";
import { reconcileFiles } from "./reconcile-files.js";
import { finishRemovals, removeFile, type FileDeletionRule, type RemovalParts } from "./removal.js";
import { checkGiven, checkUpload, type CheckedUpload, type UploadDetails } from "./upload-details.js";
import { unlessAborted } from "./unless-aborted.js";
import { notWhole, verifiedBytes } from "./verified-bytes.js";
import { verifyBlobs, type BlobVerification, type VerifyBlobsOptions } from "./verify-blobs.js";

export interface FilesOptions {
  /** The most bytes a file may have. Default 512 MiB. */
  readonly limitBytes?: number;
  /** What a file's name may end in, such as `.txt`; letter case does not matter. Default: anything. */
  readonly formats?: readonly string[];
  /** Decides who may do what. Default: {@link ownerMatches}. */
  readonly access?: AccessCheck;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

export interface UploadFile extends UploadDetails, OwnerOptions {
  /** Makes the call repeatable. What it asks for is told from the bytes and the details, so only its name is needed. */
  readonly idempotency?: Pick<Idempotency, "scope"> | undefined;
  /** What becomes known only once the bytes have been read, as in a form whose file comes first. */
  readonly afterBytes?: () => Promise<UploadDetails>;
  readonly signal?: AbortSignal;
}

/** A file's record, and the bytes that were asked for. */
export interface FileContent {
  readonly stored: StoredFile;
  /**
   * Must be read to the end, or destroyed. A stream of the whole file fails with `CORRUPT`, short of its end, if the
   * bytes do not match the SHA-256 of the record; a part can not be checked so.
   */
  readonly bytes: Readable;
}

export const defaultFileLimitBytes = 512 * 1024 * 1024;

/**
 * Uploaded files: a record each, and its bytes beside the documents. A record is there only once its bytes are durable,
 * and goes before they do, so no file is ever listed without bytes.
 *
 * All writes may reject as those of the store and its bytes do. What the caller may not see, and what has expired, is
 * not found.
 */
export class Files implements Reconciled, Maintained {
  /** The most bytes a file may have. */
  readonly limitBytes: number;
  readonly #store: Store;
  readonly #blobs: BlobStore;
  readonly #formats: readonly string[];
  readonly #access: AccessCheck;
  readonly #now: () => number;
  readonly #rules: FileDeletionRule[] = [];
  /** The uploads under way, and how to end them. */
  readonly #uploads = new Map<Promise<unknown>, AbortController>();
  #isClosed = false;

  constructor(store: Store, blobs: BlobStore, options: FilesOptions = {}) {
    const { limitBytes = defaultFileLimitBytes, formats = [], access = ownerMatches, now = Date.now } = options;
    this.#store = store;
    this.#blobs = blobs;
    this.limitBytes = limitBytes;
    this.#formats = formats.map((format) => format.toLowerCase());
    this.#access = access;
    this.#now = now;
  }

  /** Has a rule run in each transaction that removes a file. To be called before the first file is removed. */
  onDelete(rule: FileDeletionRule): void {
    this.#rules.push(rule);
  }

  /**
   * Stores a file: its bytes first, durably, and then its record. What is given is checked before the first byte is
   * taken, and the rest once it is known.
   *
   * @returns the record, `processed`.
   * @throws HoldfastError `INVALID_DOCUMENT` with every problem listed; `DOCUMENT_TOO_LARGE` with `details.limitBytes`, as
   * soon as the limit is passed; `STORAGE_FULL`, `STORAGE_FAILED`; whatever the bytes fail with. Then there is no file,
   * and nothing is left of it; after `STORAGE_FAILED` and `WRITER_FENCED` the next opening decides.
   */
  async upload(bytes: AsyncIterable<Uint8Array> | Uint8Array, given: UploadFile): Promise<StoredFile> {
    if (this.#isClosed) throw closed();
    const closing = new AbortController();
    const signal = given.signal === undefined ? closing.signal : AbortSignal.any([closing.signal, given.signal]);
    const uploaded = this.#upload(bytes instanceof Uint8Array ? asStream(bytes) : bytes, given, signal);
    this.#uploads.set(uploaded, closing);
    try {
      return await uploaded;
    } finally {
      this.#uploads.delete(uploaded);
    }
  }

  /** @returns `undefined` if there is none that the caller may see. */
  async get(id: string, { owner }: OwnerOptions = {}): Promise<StoredFile | undefined> {
    const stored = await this.#store.collection(filesCollection).get(id);
    return stored !== undefined && this.#shows(stored, owner) ? stored : undefined;
  }

  /** Reads a page of records, by creation. @throws HoldfastError `INVALID_CURSOR`, `INVALID_CONFIG`. */
  async list(options: ListFilesOptions = {}): Promise<FilePage> {
    const { purpose, owner } = options;
    const where = {
      ...(purpose === undefined ? {} : { purpose }),
      // Any other check than the default may let a caller see what others own.
      ...(owner === undefined || this.#access !== ownerMatches ? {} : { owner }),
    };
    return filePage(
      this.#store.collection(filesCollection),
      options,
      where,
      (stored) => this.#shows(stored, owner),
      (stored) => this.#allows(stored, "read", owner),
    );
  }

  /**
   * Reads a file's bytes, or a range of them.
   *
   * @returns `undefined` if there is no such file that the caller may see.
   * @throws HoldfastError `CORRUPT` if the bytes are missing or have another size than was stored; `INVALID_CONFIG` for a
   * range outside of them.
   */
  async content(
    id: string,
    { owner, range }: OwnerOptions & { readonly range?: ByteRange } = {},
  ): Promise<FileContent | undefined> {
    const stored = await this.get(id, { owner });
    if (stored === undefined) return undefined;
    const { file } = stored.body;
    const size = (await this.#blobs.stat(id))?.size;
    const bytes = size === file.bytes ? await this.#blobs.read(id, range) : undefined;
    if (bytes === undefined) {
      // It may just have been deleted.
      if ((await this.get(id, { owner })) === undefined) return undefined;
      throw notWhole(file, size);
    }
    const isWhole = range === undefined || (range.first === 0 && range.last === file.bytes - 1);
    return { stored, bytes: isWhole ? verifiedBytes(bytes, file) : bytes };
  }

  /**
   * Deletes a file, and detaches it from whatever it was attached to. From the moment this is durable it can not be
   * found; then its bytes are removed.
   *
   * @returns whether there was one.
   * @throws what the store throws, in which case the file may be gone while its bytes are still to be removed:
   * {@link maintain} does it.
   */
  async delete(id: string, { owner }: OwnerOptions = {}): Promise<boolean> {
    return removeFile(this.#removal(), id, "deleted", (stored) => {
      return !isExpired(stored, this.#now()) && this.#allows(stored, "delete", owner);
    });
  }

  /** Finishes removals, sets bytes without a record aside, and marks records without their bytes. */
  async reconcile(): Promise<Reconciliation[]> {
    return reconcileFiles(this.#removal());
  }

  /** Reads the bytes of every file and compares them with its record; see {@link verifyBlobs}. Changes nothing. */
  async verify(options: VerifyBlobsOptions = {}): Promise<BlobVerification> {
    return verifyBlobs(this.#store, this.#blobs, options);
  }

  /** Finishes interrupted removals, and removes what has expired. */
  async maintain({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    await finishRemovals(this.#removal(), signal);
    for (const id of await expiredFiles(this.#store, this.#now())) {
      signal.throwIfAborted();
      await removeFile(this.#removal(), id, "expired", (stored) => isExpired(stored, this.#now()));
    }
  }

  /**
   * Ends the uploads under way with `CLOSED`, and waits until nothing is left of them. To be called while the store and
   * its bytes are still open. Can be called again.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const controller of this.#uploads.values()) controller.abort(closed());
    await Promise.allSettled(this.#uploads.keys());
  }

  async #upload(bytes: AsyncIterable<Uint8Array>, given: UploadFile, signal: AbortSignal): Promise<StoredFile> {
    if (given.afterBytes === undefined) checkUpload(given, this.#formats);
    else checkGiven(given, this.#formats);
    const id = newId("file-");
    const blob = await this.#blobs.write(id, bytes, { limitBytes: this.limitBytes, signal });
    let checked: CheckedUpload;
    try {
      const more = given.afterBytes && (await unlessAborted(given.afterBytes(), signal));
      checked = checkUpload({ ...given, ...more }, this.#formats);
    } catch (error) {
      await this.#withdraw(id, error);
      throw error;
    }
    const created = await this.#record(blob, checked, given);
    // The call was a repeat: the first one's file stands, and these bytes are the same once more.
    if (created !== id) await this.#blobs.remove(id);
    const stored = await this.#store.collection(filesCollection).get(created);
    if (stored === undefined) {
      throw new HoldfastError("NOT_FOUND", `The file ${JSON.stringify(created)} has been deleted since.`, {
        details: { kind: "file", id: created },
      });
    }
    return stored;
  }

  /** @returns the id of the file that this call, or the one that it repeats, made. */
  async #record(blob: StoredBlob, checked: CheckedUpload, { owner, idempotency }: UploadFile): Promise<string> {
    const { id, size, sha256 } = blob;
    const body = this.#body(blob, checked, owner);
    const repeatable = idempotency && { scope: idempotency.scope, request: { ...checked, size, sha256 } };
    try {
      const [created = id] = await this.#store.transaction((transaction) =>
        once(transaction, repeatable, async () => {
          await transaction.collection(filesCollection).insert(id, body);
          return [id];
        }),
      );
      return created;
    } catch (error) {
      // These leave open whether the record is there. If it is, its bytes must be too; if not, the next opening sets
      // them aside.
      if (!isHoldfastError(error, "STORAGE_FAILED") && !isHoldfastError(error, "WRITER_FENCED")) {
        await this.#withdraw(id, error);
      }
      throw error;
    }
  }

  #body({ id, size, sha256 }: StoredBlob, checked: CheckedUpload, owner: string | undefined): StoredFileBody {
    const { filename, purpose, expiresAfterSeconds } = checked;
    const created_at = Math.floor(this.#now() / 1000);
    const expires_at = expiresAfterSeconds === undefined ? undefined : created_at + expiresAfterSeconds;
    return {
      file: {
        id,
        object: "file",
        bytes: size,
        created_at,
        filename,
        purpose,
        status: "processed",
        sha256,
        ...(expires_at === undefined ? {} : { expires_at }),
      },
      ...(owner === undefined ? {} : { owner }),
      ...(expires_at === undefined ? {} : { expires_on: dayOf(expires_at) }),
    };
  }

  /** Removes the bytes of an upload that became no file. What fails now is told with the failure it follows. */
  async #withdraw(id: string, failure: unknown): Promise<void> {
    try {
      await this.#blobs.remove(id);
    } catch (error) {
      if (failure instanceof Error) failure.cause ??= error;
    }
  }

  #removal(): RemovalParts {
    return { store: this.#store, blobs: this.#blobs, rules: this.#rules };
  }

  #shows(stored: StoredFile, caller: string | undefined): boolean {
    return !isExpired(stored, this.#now()) && this.#allows(stored, "read", caller);
  }

  #allows({ id, body }: StoredFile, action: AccessRequest["action"], caller: string | undefined): boolean {
    return this.#access({ surface: "files", id, action, caller, owner: body.owner });
  }
}

async function* asStream(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield await Promise.resolve(bytes);
}

function closed(): HoldfastError {
  return new HoldfastError("CLOSED", "The state directory has been closed.");
}
