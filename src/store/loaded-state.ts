import type { CollectionDefinition } from "../collections/index.js";
import type { LooseDocuments } from "../documents/loose-documents.js";
import type { HoldfastError } from "../errors.js";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import type { JournalReading } from "../journal/read-journal.js";
import type { ClockCache } from "../packs/index.js";
import type { Checkpoint } from "./checkpoint-file.js";
import type { CollectionState } from "./collection-state.js";
import type { SealedContent } from "./manifest.js";
import type { DamagedPack } from "./open-listed-pack.js";

/** How far a recovery or verification is. */
export interface RecoveryProgress {
  readonly stage: "waiting" | "documents" | "journal" | "checkpoint";
  readonly done: number;
  readonly total?: number;
}

export interface LoadOptions {
  readonly fileSystem: FileSystem;
  readonly layout: Layout;
  readonly documents: LooseDocuments;
  readonly definitions: ReadonlyMap<string, CollectionDefinition<unknown>>;
  readonly storeId: string | undefined;
  /** For pieces of the packs' indexes. */
  readonly cache: ClockCache;
  /** For documents that are read from packs. */
  readonly documentCache: ClockCache;
  /**
   * `durable`: leave out commits that no watermark covers. A reader must, because they may still vanish; the owner must
   * not, because they may have been acknowledged.
   */
  readonly upTo: "end" | "durable";
  readonly onProgress?: ((progress: RecoveryProgress) => void) | undefined;
}

/** A document whose file can not be trusted, and that no later commit replaces. */
export interface DamagedDocument {
  readonly collection: string;
  readonly path: string;
  readonly id: string | undefined;
  readonly error: HoldfastError;
  /** Whether the journal still had the document. */
  readonly restored: boolean;
}

/** Documents of a collection that the checkpoint counted and that have no file. Which ones, nobody knows. */
export interface MissingDocuments {
  readonly count: number;
  /** How many of them the journal still had. */
  readonly restored: number;
}

/** A damaged pack and what is lost with it, by id; an empty id stands for a document that nobody can name. */
export type LostPack = DamagedPack & { readonly lost: readonly string[] };

export interface LoadedState {
  readonly states: Map<string, CollectionState>;
  readonly checkpoint: SealedContent<Checkpoint>;
  readonly journal: JournalReading;
  /** The newest commit that `states` hold. */
  readonly lastSequence: number;
  /** The newest commit that the checkpoint or a document shows to have been acknowledged, whatever the journal says. */
  readonly acknowledged: number;
  readonly documents: number;
  readonly replayed: number;
  readonly replayedOperations: number;
  readonly damagedDocuments: readonly DamagedDocument[];
  readonly missingDocuments: ReadonlyMap<string, MissingDocuments>;
  readonly damagedPacks: readonly LostPack[];
  readonly foreignFiles: readonly string[];
  readonly temporaryFiles: readonly string[];
  /** Left by a checkpoint that was cut short: files of documents older than what a pack has. */
  readonly supersededFiles: readonly string[];
  /** Of packs that are not listed: left by a checkpoint or merge that was cut short. */
  readonly unlistedPackFiles: readonly string[];
}
