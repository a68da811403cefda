import { hostname } from "node:os";
import { resolve } from "node:path";
import { builtInCollections, BuiltInSurfaces, type SurfaceOptions } from "./built-in-surfaces.js";
import type {
  BlobStore,
  Change,
  Collection,
  CollectionDefinition,
  Store,
  Transaction,
  WatchOptions,
} from "./collections/index.js";
import { assertContract } from "./contract/index.js";
import { HoldfastError, isHoldfastError } from "./errors.js";
import type { Layout } from "./files/layout.js";
import {
  measureStorage,
  openOwner,
  openReader,
  parseStoreOptions,
  Quarantine,
  Reserve,
  systemEnvironment,
  type DirectoryStore,
  type OpenEnvironment,
  type OpeningObserver,
  type RecoveryProgress,
  type RecoveryReport,
  type StoreCondition,
  type StoreMetrics,
  type StorageReport,
  type StoreOptionsInput,
  type SurfacesOutcome,
} from "./store/index.js";
import type { Conversations } from "./surfaces/conversations/index.js";
import type { Files } from "./surfaces/files/index.js";
import type { Replay } from "./surfaces/replay/index.js";
import type { Responses } from "./surfaces/responses/index.js";
import { Startup } from "./surfaces/startup/index.js";
import { Upkeep } from "./surfaces/upkeep.js";
import type { VectorStores } from "./surfaces/vector-stores/index.js";
import { readStatusFile } from "./watch/status-file.js";

export { recoveryReportSchema, storageReportSchema, type StorageReport } from "./store/index.js";

export interface OpenStateDirectoryOptions extends StoreOptionsInput, SurfaceOptions {
  /** Where the state lives; made if it does not exist. */
  readonly directory: string;
  /** `"writer"` (default): own the directory. `"reader"`: follow it, beside its owner or without one. */
  readonly mode?: "writer" | "reader";
  /** Whether a directory that does not exist is made. Default true. */
  readonly create?: boolean;
  /** Collections of the program's own. Named here, their indexes are ready when the directory is open. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a list of definitions of any bodies
  readonly collections?: readonly CollectionDefinition<any>[];
  readonly onProgress?: (progress: RecoveryProgress) => void;
  /** The disk, the time and who this process is, for tests. */
  readonly environment?: Partial<Pick<OpenEnvironment, "fileSystem" | "clock" | "identity">>;
}

/**
 * Opens a state directory: takes it over, recovers it, and says in `recovery` what that took.
 *
 * @throws HoldfastError `WRITER_LOCKED` if a living process holds it; `INVALID_CONFIG` for options or a directory that
 * can not be used; `UNSUPPORTED_FORMAT` if a newer version wrote it; `READ_ONLY`, `STORAGE_FULL`, `STORAGE_FAILED` if
 * the disk does not play along. Damage is no reason to throw: it is set aside and reported.
 */
export async function openStateDirectory(options: OpenStateDirectoryOptions): Promise<StateDirectory> {
  const {
    directory,
    mode = "writer",
    create = true,
    collections = [],
    responses,
    replay,
    files,
    vectorStores,
    onProgress,
    environment,
    ...settings
  } = options;
  const surfaceOptions: SurfaceOptions = {
    ...(responses === undefined ? {} : { responses }),
    ...(replay === undefined ? {} : { replay }),
    ...(files === undefined ? {} : { files }),
    ...(vectorStores === undefined ? {} : { vectorStores }),
  };
  if (typeof directory !== "string" || directory === "") {
    throw new HoldfastError(
      "INVALID_CONFIG",
      "The options of the state directory are not valid.\n  /directory: must name a directory",
    );
  }
  const parsed = parseStoreOptions(settings);
  assertContract(builtInCollections, collections as readonly CollectionDefinition<unknown>[]);
  const opening: OpenEnvironment = {
    ...systemEnvironment,
    ...environment,
    collections: [...builtInCollections, ...(collections as readonly CollectionDefinition<unknown>[])],
    onProgress,
  };
  const root = resolve(directory);
  if (mode === "reader") {
    const store = await openReader({ directory: root, settings: parsed, environment: opening });
    return new StateDirectory(store, undefined, new BuiltInSurfaces(store, surfaceOptions));
  }
  const status = new StatusDuringOpening(opening, parsed.heartbeatMs, surfaceOptions);
  const store = await openOwner({ directory: root, create, settings: parsed, environment: opening, observer: status });
  const startup = status.startup;
  if (startup !== undefined) {
    store.onCondition((condition) => {
      startup.storeCondition(condition);
    });
    await startup.attach(store);
  }
  return new StateDirectory(store, startup, status.surfaces ?? new BuiltInSurfaces(store, surfaceOptions));
}

/** Reports `starting` and `recovering` while the directory is being opened, and `error` if it can not be. */
class StatusDuringOpening implements OpeningObserver {
  startup: Startup | undefined;
  surfaces: BuiltInSurfaces | undefined;
  readonly #environment: OpenEnvironment;
  readonly #heartbeatMs: number;
  readonly #surfaceOptions: SurfaceOptions;

  constructor(environment: OpenEnvironment, heartbeatMs: number, surfaceOptions: SurfaceOptions) {
    this.#environment = environment;
    this.#heartbeatMs = heartbeatMs;
    this.#surfaceOptions = surfaceOptions;
  }

  async owned(...[lock, layout]: Parameters<OpeningObserver["owned"]>): Promise<void> {
    const { fileSystem, clock, identity } = this.#environment;
    await setAsideDamagedStatus(this.#environment, layout);
    const reserve = new Reserve(fileSystem, layout.reserve);
    this.startup = await Startup.begin({
      layout,
      epoch: lock.claim.epoch,
      host: hostname(),
      pid: process.pid,
      writeFile: (path, bytes) => reserve.replace(path, bytes),
      announce: (line) => {
        lock.announce(line);
      },
      fileSystem,
      clock,
      identity,
      heartbeatIntervalMs: this.#heartbeatMs,
    });
    await this.startup.report({ phase: "recovering", message: "Recovering the state directory." });
  }

  async reconcile(store: DirectoryStore): Promise<SurfacesOutcome> {
    this.surfaces = new BuiltInSurfaces(store, this.#surfaceOptions);
    return this.surfaces.reconcile();
  }

  async recovered(report: RecoveryReport): Promise<void> {
    await this.startup?.recovered(report);
  }

  async failed(error: unknown): Promise<void> {
    const message = `The state directory could not be opened: ${error instanceof Error ? error.message : String(error)}`;
    try {
      await this.startup?.report({ phase: "error", message: message.slice(0, 2_000) });
    } finally {
      await this.startup?.close();
    }
  }
}

/** A status that can not be read is about to be replaced by ours: what it was is kept. */
async function setAsideDamagedStatus({ fileSystem, clock }: OpenEnvironment, layout: Layout): Promise<void> {
  try {
    await readStatusFile(fileSystem, layout.startupStatus);
  } catch (error) {
    if (!isHoldfastError(error, "CORRUPT")) throw error;
    await new Quarantine(fileSystem, layout, clock).move(layout.startupStatus, "status-damaged", error.message);
  }
}

/** An open state directory: the store, and what a router keeps in it. */
export class StateDirectory implements Store, AsyncDisposable {
  readonly responses: Responses;
  readonly conversations: Conversations;
  readonly replay: Replay;
  readonly files: Files;
  readonly vectorStores: VectorStores;
  readonly #surfaces: BuiltInSurfaces;
  readonly #store: DirectoryStore;
  readonly #startup: Startup | undefined;
  /** A reader leaves it to the owner. */
  readonly #upkeep: Upkeep | undefined;

  /** @internal Use {@link openStateDirectory}. */
  constructor(store: DirectoryStore, startup: Startup | undefined, surfaces: BuiltInSurfaces) {
    this.#store = store;
    this.#startup = startup;
    this.responses = surfaces.responses;
    this.conversations = surfaces.conversations;
    this.replay = surfaces.replay;
    this.files = surfaces.files;
    this.vectorStores = surfaces.vectorStores;
    this.#surfaces = surfaces;
    if (store.mode === "writer") {
      this.#upkeep = new Upkeep(surfaces.maintained, {
        onFailure: (error) => {
          process.emitWarning(`Holdfast could not tidy up, and will try again: ${String(error)}`);
        },
      });
    }
  }

  /** Absolute, links resolved. */
  get directory(): string {
    return this.#store.directory;
  }

  get mode(): "writer" | "reader" {
    return this.#store.mode;
  }

  get storeId(): string {
    return this.#store.storeId;
  }

  /** The fencing token of this owner; 0 in a reader. */
  get epoch(): number {
    return this.#store.epoch;
  }

  /** Bytes beside the documents, such as those of uploaded files: for imports. Use {@link files} for anything else. */
  get blobs(): BlobStore {
    return this.#store.blobs;
  }

  /** What opening found and did. */
  get recovery(): RecoveryReport {
    return this.#store.recovery;
  }

  get condition(): StoreCondition {
    return this.#store.condition;
  }

  get metrics(): StoreMetrics {
    return this.#store.metrics;
  }

  /** What the state takes on the disk, and what room is left. It looks at every file. @throws HoldfastError `STORAGE_FAILED` … */
  storage(): Promise<StorageReport> {
    return measureStorage(this.directory, this.metrics.documents);
  }

  get lastSequence(): number {
    return this.#store.lastSequence;
  }

  /** Where the owner reports how it starts. @throws HoldfastError `READ_ONLY` in a reader, which has nothing to report. */
  get startup(): Startup {
    if (this.#startup === undefined) {
      throw new HoldfastError(
        "READ_ONLY",
        "The state directory was opened for reading: only its owner reports a startup status.",
      );
    }
    return this.#startup;
  }

  /** Calls `listener` with each change of {@link condition}. @returns how to stop that. */
  onCondition(listener: (condition: StoreCondition) => void): () => void {
    return this.#store.onCondition(listener);
  }

  /** The collections that have documents or have been declared, sorted. */
  collectionNames(): string[] {
    return this.#store.collectionNames();
  }

  collection<Body>(definition: CollectionDefinition<Body>): Collection<Body> {
    return this.#store.collection(definition);
  }

  /** A collection by name, of a kind this program knows or not; see `DirectoryStore.collectionNamed`. */
  collectionNamed(name: string, options: { readonly create?: boolean } = {}): Collection<unknown> | undefined {
    return this.#store.collectionNamed(name, options);
  }

  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    return this.#store.transaction(work);
  }

  changes(options: WatchOptions = {}): AsyncIterable<Change> {
    return this.#store.changes(options);
  }

  /** Moves everything acknowledged so far from the journal into the collections' files. */
  checkpoint(): Promise<void> {
    return this.#store.checkpoint();
  }

  /**
   * Writes a checkpoint, and merges the packs of each collection into one: what was replaced or deleted gives its space
   * back. For a directory that is to be small, or copied; merging goes on by itself otherwise.
   *
   * @throws HoldfastError `READ_ONLY`, `STORAGE_FULL`, `STORAGE_FAILED`, `CORRUPT` if a packed document can not be read
   */
  compact(): Promise<void> {
    return this.#store.compact();
  }

  /** Resolves when everything acknowledged is on disk and the directory is free for the next one. Can be called again. */
  async close(): Promise<void> {
    await this.#sayStopping();
    await this.#upkeep?.stop();
    await this.#surfaces.close();
    await this.#store.close(async () => {
      await this.#startup?.close();
    });
  }

  /** A router that stops in its own time has said so before. */
  async #sayStopping(): Promise<void> {
    const phase = this.#startup?.current.phase;
    if (phase === undefined || phase === "stopping" || phase === "stopped" || phase === "error") return;
    if (this.condition.state === "fenced") return;
    try {
      await this.#startup?.stopping();
    } catch (error) {
      // Closing goes on: what it is about is on disk already, or as safe as it will get.
      process.emitWarning(`Holdfast could not report that it is stopping: ${String(error)}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
