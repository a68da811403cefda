import type { CollectionDefinition, Maintained, Reconciled, Reconciliation } from "./collections/index.js";
import { isHoldfastError } from "./errors.js";
import type { DirectoryStore, SurfacesOutcome } from "./store/index.js";
import {
  conversationDeletionsCollection,
  conversationItemsCollection,
  Conversations,
  conversationsCollection,
} from "./surfaces/conversations/index.js";
import { idempotencyKeysCollection } from "./surfaces/idempotency/index.js";
import { importMarks } from "./surfaces/imports/index.js";
import { fileRemovalsCollection, Files, filesCollection, type FilesOptions } from "./surfaces/files/index.js";
import {
  Replay,
  replayCountersCollection,
  replayRecordsCollection,
  replayTotalsCollection,
  type ReplayOptions,
} from "./surfaces/replay/index.js";
import {
  responseRemovalsCollection,
  Responses,
  responsesCollection,
  responseThreadsCollection,
} from "./surfaces/responses/index.js";
import { startupTransitions } from "./surfaces/startup/index.js";
import {
  attachmentsCollection,
  batchesCollection,
  intentsCollection,
  VectorStores,
  vectorStoresCollection,
  type VectorStoresOptions,
} from "./surfaces/vector-stores/index.js";

/** What can be set of the surfaces when a directory is opened. */
export interface SurfaceOptions {
  readonly responses?: {
    /** How long a response is kept after the last activity in its history. Default 30 days. */
    readonly timeToLiveMs?: number;
  };
  readonly replay?: Omit<ReplayOptions, "now" | "run">;
  readonly files?: Omit<FilesOptions, "now" | "access">;
  readonly vectorStores?: Omit<VectorStoresOptions, "now" | "access" | "files">;
}

/** The collections of the surfaces. */
export const builtInCollections = [
  responsesCollection,
  responseThreadsCollection,
  responseRemovalsCollection,
  conversationsCollection,
  conversationItemsCollection,
  conversationDeletionsCollection,
  replayRecordsCollection,
  replayCountersCollection,
  replayTotalsCollection,
  filesCollection,
  fileRemovalsCollection,
  vectorStoresCollection,
  attachmentsCollection,
  batchesCollection,
  intentsCollection,
  idempotencyKeysCollection,
  importMarks,
  startupTransitions,
] as readonly CollectionDefinition<unknown>[];

/** What a router keeps, over one store. */
export class BuiltInSurfaces {
  readonly responses: Responses;
  readonly conversations: Conversations;
  readonly replay: Replay;
  readonly files: Files;
  readonly vectorStores: VectorStores;

  constructor(store: DirectoryStore, { responses = {}, replay = {}, files = {}, vectorStores = {} }: SurfaceOptions) {
    const now = (): number => store.expiryTime();
    this.responses = new Responses(store, { ...responses, now });
    this.conversations = new Conversations(store, { ...responses, now });
    this.replay = new Replay(store, { ...replay, now });
    this.files = new Files(store, store.blobs, { ...files, now });
    this.vectorStores = new VectorStores(store, { ...vectorStores, now });
    this.files.onDelete(this.vectorStores.detachDeleted);
  }

  /** Those with work to do from time to time. */
  get maintained(): readonly Maintained[] {
    return [this.conversations, this.responses, this.replay, this.vectorStores, this.files];
  }

  /** Puts in order what the previous owner left undone. */
  async reconcile(): Promise<SurfacesOutcome> {
    return reconcileAll([
      ["replay", this.replay],
      ["files", this.files],
      ["vector stores", this.vectorStores],
    ]);
  }

  /** Ends what works on by itself. To be called before the store is closed. */
  async close(): Promise<void> {
    await this.vectorStores.close();
    await this.files.close();
  }
}

/**
 * A full disk does not keep a directory from being opened, or it could not be read and nothing in it deleted: what needs
 * room is left as it is, and said. Every other failure is one of opening: a surface that does not know what it has must
 * not take in more.
 */
async function reconcileAll(
  surfaces: readonly (readonly [name: string, surface: Reconciled])[],
): Promise<SurfacesOutcome> {
  const reconciled: Reconciliation[] = [];
  const warnings: string[] = [];
  for (const [name, surface] of surfaces) {
    try {
      reconciled.push(...(await surface.reconcile()));
    } catch (error) {
      if (!isHoldfastError(error, "STORAGE_FULL")) throw error;
      warnings.push(
        `The disk is full: what the previous owner left undone in ${name} stays so until there is room and the directory is opened again.`,
      );
    }
  }
  return { reconciled, warnings };
}
