import type { CollectionDefinition } from "../collections/index.js";
import { systemClock, type Clock } from "../files/clock.js";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { nodeFileSystem } from "../files/node-file-system.js";
import type { DirectoryLock } from "../locking/directory-lock.js";
import type { RecoveryProgress } from "./load-state.js";
import type { RecoveryReport } from "./recovery-report.js";

/** What opening a directory needs besides its settings. */
export interface OpenEnvironment {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly collections: readonly CollectionDefinition<unknown>[];
  readonly onProgress: ((progress: RecoveryProgress) => void) | undefined;
}

/** Called as an owner takes a directory; each is waited for. */
export interface OpeningObserver {
  /** The directory is ours; nothing has been read yet. */
  owned(lock: DirectoryLock, layout: Layout): Promise<void>;
  recovered(report: RecoveryReport): Promise<void>;
  /** Opening failed after `owned`; the directory is about to be released. */
  failed(error: unknown): Promise<void>;
}

export const systemEnvironment: Pick<OpenEnvironment, "fileSystem" | "clock"> = {
  fileSystem: nodeFileSystem,
  clock: systemClock,
};
