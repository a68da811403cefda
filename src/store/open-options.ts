import type { CollectionDefinition, Reconciliation } from "../collections/index.js";
import { systemClock, type Clock } from "../files/clock.js";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { nodeFileSystem } from "../files/node-file-system.js";
import type { DirectoryLock } from "../locking/directory-lock.js";
import { ownIdentity, type ProcessIdentity } from "../locking/process-identity.js";
import type { DirectoryStore } from "./directory-store.js";
import type { RecoveryProgress } from "./loaded-state.js";
import type { RecoveryReport } from "./recovery-report.js";

/** What opening a directory needs besides its settings. */
export interface OpenEnvironment {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  /** Says who this process is, as claims tell it; a test stands in for another process, or another boot. */
  readonly identity: () => ProcessIdentity;
  readonly collections: readonly CollectionDefinition<unknown>[];
  readonly onProgress: ((progress: RecoveryProgress) => void) | undefined;
}

export interface SurfacesOutcome {
  readonly reconciled: readonly Reconciliation[];
  readonly warnings: readonly string[];
}

/** Called as an owner takes a directory; each is waited for. */
export interface OpeningObserver {
  /** The directory is ours; nothing has been read yet. */
  owned(lock: DirectoryLock, layout: Layout): Promise<void>;
  /**
   * The store is open, and nobody has it yet: what the previous owner left undone is put in order.
   *
   * @returns what was done; what could not be done now is a warning.
   */
  reconcile(store: DirectoryStore): Promise<SurfacesOutcome>;
  recovered(report: RecoveryReport): Promise<void>;
  /** Opening failed after `owned`; the directory is about to be released. */
  failed(error: unknown): Promise<void>;
}

export const systemEnvironment: Pick<OpenEnvironment, "fileSystem" | "clock" | "identity"> = {
  fileSystem: nodeFileSystem,
  clock: systemClock,
  identity: ownIdentity,
};
