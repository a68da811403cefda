/**
 * Restart-safe state for AI routers, in one directory.
 *
 * @module
 */
export {
  defineCollection,
  type Change,
  type ChangeOperation,
  type Collection,
  type CollectionDefinition,
  type CollectionOptions,
  type Document,
  type DocumentHead,
  type IndexDefinition,
  type IndexValue,
  type ListOptions,
  type Migration,
  type Page,
  type ReadableCollection,
  type Retention,
  type RevisionOptions,
  type Store,
  type Transaction,
  type TransactionCollection,
  type WatchOptions,
  type WriteOptions,
} from "./collections/index.js";
export { durabilityContract, type DurabilityContract, type SurfaceContract } from "./contract/index.js";
export { errorCodes, HoldfastError, isHoldfastError, type ErrorCode, type Problem } from "./errors.js";
export { openStateDirectory, StateDirectory, type OpenStateDirectoryOptions } from "./open-state-directory.js";
export {
  recoveryReportSchema,
  type RecoveryProgress,
  type RecoveryReport,
  type StoreCondition,
  type StoreMetrics,
} from "./store/index.js";
export * from "./surfaces/conversations/index.js";
export * from "./surfaces/files/index.js";
export * from "./surfaces/replay/index.js";
export * from "./surfaces/responses/index.js";
export * from "./surfaces/vector-stores/index.js";
export { Startup, type StartupReport } from "./surfaces/startup/index.js";
export {
  readStartupStatus,
  startupPhases,
  startupStatusSchema,
  waitUntilReady,
  watchStartupStatus,
  type StartupPhase,
  type StartupStatus,
  type StartupTransition,
  type WatchedStartupStatus,
} from "./watch/index.js";
export { version } from "./version.js";
