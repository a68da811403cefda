/**
 * The state directory as a store.
 *
 * @module
 */
export type { StoreCondition } from "./condition.js";
export { DirectoryStore, type StoreMetrics } from "./directory-store.js";
export type { RecoveryProgress } from "./loaded-state.js";
export { systemEnvironment, type OpenEnvironment, type OpeningObserver, type SurfacesOutcome } from "./open-options.js";
export { openOwner } from "./open-owner.js";
export { openReader } from "./open-reader.js";
export { parseStoreOptions, storeOptionsSchema, type StoreOptions, type StoreOptionsInput } from "./options.js";
export { Quarantine } from "./quarantine.js";
export { Reserve } from "./reserve.js";
export { measureStorage, storageReportSchema, type StorageReport } from "./storage-report.js";
export { recoveryReportSchema, type Damage, type RecoveryReport } from "./recovery-report.js";
