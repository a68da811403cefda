import { join } from "node:path";
import { readdir } from "node:fs/promises";
import type { BlobStore, CollectionDefinition, Reconciliation } from "../../src/collections/index.js";
import type { Clock } from "../../src/files/clock.js";
import type { FileSystem } from "../../src/files/file-system.js";
import {
  openOwner,
  parseStoreOptions,
  systemEnvironment,
  type DirectoryStore,
  type OpeningObserver,
} from "../../src/store/index.js";
import { Files, filesCollection, fileRemovalsCollection, type FilesOptions } from "../../src/surfaces/files/index.js";
import { idempotencyKeysCollection } from "../../src/surfaces/idempotency/index.js";
import { bytesOf } from "../blobs/blobs-under-test.js";
import { temporaryFolder } from "../support/temporary-folder.js";

/** A directory with files in it, opened as an owner opens it, and nothing else beside. */
export interface OpenFiles {
  readonly store: DirectoryStore;
  readonly blobs: BlobStore;
  readonly files: Files;
  /** What was put in order when it was opened. */
  readonly reconciled: readonly Reconciliation[];
  close(): Promise<void>;
}

export interface OpenFilesOptions extends FilesOptions {
  readonly fileSystem?: FileSystem;
  readonly clock?: Clock;
  /** Stands around what puts in order what the last owner left. */
  readonly around?: (reconcile: () => Promise<void>) => Promise<unknown>;
}

const collections = [filesCollection, fileRemovalsCollection, idempotencyKeysCollection] as readonly unknown[];

export async function openFiles(directory: string, options: OpenFilesOptions = {}): Promise<OpenFiles> {
  const environment = {
    ...systemEnvironment,
    ...(options.fileSystem === undefined ? {} : { fileSystem: options.fileSystem }),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  };
  let opened: Omit<OpenFiles, "store" | "close"> | undefined;
  const observer: OpeningObserver = {
    owned: () => Promise.resolve(),
    reconcile: async (store) => {
      const files = new Files(store, store.blobs, { now: () => store.expiryTime(), ...options });
      let reconciled: readonly Reconciliation[] = [];
      const reconcile = async (): Promise<void> => {
        reconciled = await files.reconcile();
      };
      await (options.around ?? ((work) => work()))(reconcile);
      opened = { blobs: store.blobs, files, reconciled };
      return { reconciled, warnings: [] };
    },
    recovered: () => Promise.resolve(),
    failed: () => Promise.resolve(),
  };
  const store = await openOwner({
    directory,
    create: true,
    // No checkpoint of its own accord: a copy of the directory may be made at any moment. And it should be small.
    settings: parseStoreOptions({
      checkpointIdleMs: 3_600_000,
      firstSegmentBytes: 64 * 1024,
      segmentBytes: 64 * 1024,
    }),
    environment: {
      ...environment,
      collections: collections as readonly CollectionDefinition<unknown>[],
      onProgress: undefined,
    },
    observer,
  });
  if (opened === undefined) throw new Error("opened without reconciling");
  const { files } = opened;
  return {
    store,
    ...opened,
    close: async () => {
      await files.close();
      await store.close();
    },
  };
}

export interface FilesUnderTest extends AsyncDisposable {
  readonly directory: string;
  /** As opened last. */
  readonly now: OpenFiles;
  reopen(): Promise<OpenFiles>;
}

export async function filesUnderTest(options: OpenFilesOptions = {}): Promise<FilesUnderTest> {
  const folder = await temporaryFolder();
  const directory = folder.at("state");
  let current = await openFiles(directory, options);
  return {
    directory,
    get now() {
      return current;
    },
    async reopen() {
      await current.close();
      current = await openFiles(directory, options);
      return current;
    },
    async [Symbol.asyncDispose]() {
      await current.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The text of a file, all of it. */
export async function textOf(files: Files, id: string): Promise<string> {
  const content = await files.content(id);
  return String(await bytesOf(content?.bytes));
}

/** The names of all bytes in a directory, those still arriving among them. */
export async function blobNames(directory: string): Promise<string[]> {
  const entries = await readdir(join(directory, "blobs"), { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    },
  );
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
}

/** S5: no record without bytes of the recorded size, no bytes without a record, nothing half done. */
export async function inconsistencies({ store, blobs }: OpenFiles): Promise<string[]> {
  const found: string[] = [];
  const sizes = new Map<string, number>();
  for await (const { id, size } of blobs.list()) sizes.set(id, size);
  for (const { id, body } of (await store.collection(filesCollection).list({ limit: 10_000 })).documents) {
    if (sizes.get(id) !== body.file.bytes) found.push(`${id} is recorded with ${body.file.bytes} bytes`);
    if (body.file.status !== "processed") found.push(`${id} is ${body.file.status}`);
    sizes.delete(id);
  }
  found.push(...[...sizes.keys()].map((id) => `${id} has bytes and no record`));
  const notes = await store.collection(fileRemovalsCollection).count();
  if (notes > 0) found.push(`${notes} removals are noted`);
  return found;
}
