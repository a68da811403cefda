import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import type { BlobInfo, BlobStore, ByteRange, StoredBlob, WriteBlobOptions } from "../collections/index.js";
import { HoldfastError, isHoldfastError } from "../errors.js";
import { entriesIfPresent } from "../files/entries-if-present.js";
import type { DirectoryEntry, FileSystem, OpenFile } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { isAbsent } from "../files/node-file-system.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import { storageError } from "../files/storage-error.js";
import { BlobStream } from "./blob-stream.js";
import { blobPath, idOfBlob, isShard, stagingFolder } from "./blob-name.js";
import { DurableFolders } from "./durable-folders.js";
import { StagedFile } from "./staged-file.js";
import { untilAborted } from "./until-aborted.js";

/** What only the owner of a directory has. */
export interface BlobOwner {
  /** Throws `WRITER_FENCED` once another owner has claimed the directory. */
  readonly checkFence: () => void;
  /** Moves a file into quarantine. @returns its new place. */
  readonly quarantine: (path: string, why: string, detail: string) => Promise<string>;
}

export interface DirectoryBlobsOptions {
  readonly fileSystem: FileSystem;
  readonly layout: Layout;
  /** Absent for a reader, which changes nothing. */
  readonly owner?: BlobOwner;
}

/** Bytes in a state directory: `blobs/<xx>/<name>`. The crash argument stands in `FORMAT.md`. */
export class DirectoryBlobs implements BlobStore {
  readonly #fileSystem: FileSystem;
  readonly #layout: Layout;
  readonly #owner: BlobOwner | undefined;
  readonly #folders: DurableFolders;
  /** The writes under way, and how to end them. */
  readonly #writes = new Map<Promise<unknown>, AbortController>();
  #isClosed = false;

  constructor({ fileSystem, layout, owner }: DirectoryBlobsOptions) {
    this.#fileSystem = fileSystem;
    this.#layout = layout;
    this.#owner = owner;
    this.#folders = new DurableFolders(fileSystem);
  }

  async write(
    id: string,
    bytes: AsyncIterable<Uint8Array>,
    { limitBytes = Number.POSITIVE_INFINITY, signal }: WriteBlobOptions = {},
  ): Promise<StoredBlob> {
    const owner = this.#assertWritable();
    const path = blobPath(this.#layout, id);
    const closing = new AbortController();
    const ending = signal === undefined ? closing.signal : AbortSignal.any([closing.signal, signal]);
    const written = this.#write(owner, path, id, untilAborted(bytes, ending), limitBytes);
    this.#writes.set(written, closing);
    try {
      return await written;
    } finally {
      this.#writes.delete(written);
    }
  }

  async stat(id: string): Promise<BlobInfo | undefined> {
    this.#assertOpen();
    const path = blobPath(this.#layout, id);
    try {
      const status = await this.#fileSystem.status(path);
      return status?.kind === "file" ? { id, size: status.size } : undefined;
    } catch (error) {
      throw storageError(error, "look at bytes", path);
    }
  }

  async read(id: string, range?: ByteRange): Promise<Readable | undefined> {
    this.#assertOpen();
    const path = blobPath(this.#layout, id);
    let file: OpenFile;
    try {
      file = await this.#fileSystem.open(path, "read");
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw storageError(error, "read bytes", path);
    }
    try {
      const size = await file.size();
      return new BlobStream(file, rangeWithin(size, range));
    } catch (error) {
      await file.close();
      throw storageError(error, "read bytes", path);
    }
  }

  async remove(id: string): Promise<boolean> {
    const { checkFence } = this.#assertWritable();
    const path = blobPath(this.#layout, id);
    checkFence();
    try {
      const existed = await this.#removed(path);
      // Also if they were gone: perhaps whoever removed them did not live to make it durable.
      await this.#syncIfPresent(dirname(path));
      return existed;
    } catch (error) {
      throw storageError(error, "remove bytes", path);
    }
  }

  async quarantine(id: string, why: string): Promise<string> {
    const { checkFence, quarantine } = this.#assertWritable();
    const path = blobPath(this.#layout, id);
    // Whoever was displaced must not take away what its successor stores. What it has listed was there before this
    // check, and so before there was a successor.
    checkFence();
    try {
      const place = await quarantine(path, why, `the bytes ${JSON.stringify(id)} belong to no document`);
      await this.#fileSystem.syncDirectory(dirname(path));
      return place;
    } catch (error) {
      throw storageError(error, "set bytes aside", path);
    }
  }

  async *list(): AsyncGenerator<BlobInfo, void, void> {
    this.#assertOpen();
    for (const shard of await this.#entries(this.#layout.blobs)) {
      if (shard.kind !== "directory" || !isShard(shard.name)) continue;
      for (const { name, kind } of await this.#entries(join(this.#layout.blobs, shard.name))) {
        const id = kind === "file" ? idOfBlob(shard.name, name) : undefined;
        const found = id === undefined ? undefined : await this.stat(id);
        if (found !== undefined) yield found;
      }
    }
  }

  /**
   * Prepares what an earlier owner left, when a directory is opened: removes the bytes of writes that did not end, and
   * makes the folders durable that it may have made without living to say so.
   *
   * @returns how many files were removed.
   */
  async tidy(): Promise<number> {
    this.#assertWritable().checkFence();
    const folder = stagingFolder(this.#layout);
    try {
      await this.#fileSystem.syncDirectory(this.#layout.root);
      await this.#syncIfPresent(this.#layout.blobs);
      const left = await this.#entries(folder);
      for (const { name } of left) await removeIfPresent(this.#fileSystem, join(folder, name));
      return left.length;
    } catch (error) {
      throw storageError(error, "remove what interrupted writes left", folder);
    }
  }

  /** Ends the writes under way with `CLOSED`; what is being read can be read to its end. Can be called again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const controller of this.#writes.values()) controller.abort(closed());
    await Promise.allSettled(this.#writes.keys());
  }

  async #write(
    owner: BlobOwner,
    path: string,
    id: string,
    bytes: AsyncIterable<Uint8Array>,
    limitBytes: number,
  ): Promise<StoredBlob> {
    if ((await this.stat(id)) !== undefined) throw taken(id);
    await this.#folders.make(stagingFolder(this.#layout));
    const staged = await StagedFile.create(this.#fileSystem, stagingFolder(this.#layout));
    try {
      for await (const chunk of bytes) {
        if (staged.size + chunk.length > limitBytes) throw tooLarge(limitBytes);
        await staged.append(chunk);
      }
      const sha256 = await staged.finish();
      await this.#publish(owner, staged, path, id);
      return { id, size: staged.size, sha256 };
    } catch (error) {
      await alsoTried(error, () => staged.discard());
      throw error;
    }
  }

  /** Gives the bytes their name, which nothing else may have, and makes it durable. */
  async #publish({ checkFence }: BlobOwner, staged: StagedFile, path: string, id: string): Promise<void> {
    const folder = dirname(path);
    await this.#folders.make(folder);
    checkFence();
    try {
      // A link, not a rename, which would replace what is there.
      await this.#fileSystem.link(staged.path, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") throw taken(id);
      this.#folders.forget(folder);
      // A successor sweeps what is staged.
      checkFence();
      throw storageError(error, "name bytes", path);
    }
    try {
      await this.#fileSystem.remove(staged.path);
      await this.#fileSystem.syncDirectory(folder);
      checkFence();
    } catch (error) {
      // What has a name when a successor comes is the successor's to judge.
      if (!isHoldfastError(error, "WRITER_FENCED")) {
        await alsoTried(error, async () => {
          checkFence();
          await removeIfPresent(this.#fileSystem, path);
        });
      }
      throw storageError(error, "make the name of bytes durable", path);
    }
  }

  async #removed(path: string): Promise<boolean> {
    try {
      await this.#fileSystem.remove(path);
      return true;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  async #syncIfPresent(folder: string): Promise<void> {
    try {
      await this.#fileSystem.syncDirectory(folder);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }

  async #entries(folder: string): Promise<DirectoryEntry[]> {
    try {
      return await entriesIfPresent(this.#fileSystem, folder);
    } catch (error) {
      throw storageError(error, "list bytes", folder);
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closed();
  }

  #assertWritable(): BlobOwner {
    this.#assertOpen();
    if (this.#owner === undefined) {
      throw new HoldfastError("READ_ONLY", "The state directory was opened for reading: it takes no bytes.");
    }
    return this.#owner;
  }
}

/** @throws HoldfastError `INVALID_CONFIG` */
function rangeWithin(size: number, range: ByteRange | undefined): ByteRange | undefined {
  if (range === undefined) return size === 0 ? undefined : { first: 0, last: size - 1 };
  const { first, last } = range;
  if (Number.isSafeInteger(first) && Number.isSafeInteger(last) && first >= 0 && first <= last && last < size) {
    return range;
  }
  throw new HoldfastError("INVALID_CONFIG", `The bytes ${first} to ${last} are not among the ${size} there are.`, {
    details: { first, last, size },
  });
}

/** After a failure: what fails now too is told with it, and does not take its place. */
async function alsoTried(failure: unknown, attempt: () => Promise<void>): Promise<void> {
  try {
    await attempt();
  } catch (error) {
    if (failure instanceof Error) failure.cause ??= error;
  }
}

function taken(id: string): HoldfastError {
  return new HoldfastError("ALREADY_EXISTS", `There are bytes of the id ${JSON.stringify(id)} already.`, {
    details: { id },
  });
}

function tooLarge(limitBytes: number): HoldfastError {
  return new HoldfastError("DOCUMENT_TOO_LARGE", `There are more than the ${limitBytes} bytes that are allowed.`, {
    details: { limitBytes },
  });
}

function closed(): HoldfastError {
  return new HoldfastError("CLOSED", "The state directory has been closed.");
}
