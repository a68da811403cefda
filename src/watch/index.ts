/**
 * What other processes see of a router: its startup status, followed through restarts and crashes. Loads neither the
 * store nor the server.
 *
 * @module
 */
export { errorCodes, HoldfastError, isHoldfastError, type ErrorCode, type Problem } from "../errors.js";
export { readStartupStatus } from "./read-startup-status.js";
export {
  startupPhases,
  startupPhaseSchema,
  startupStatusSchema,
  startupTransitionSchema,
  type PreviousRun,
  type RecoverySummary,
  type StartupPhase,
  type StartupStatus,
  type StartupTransition,
  type WatchedStartupStatus,
} from "./startup-status.js";
export { waitUntilReady, type WaitUntilReadyOptions } from "./wait-until-ready.js";
export { watchStartupStatus } from "./watch-startup-status.js";
export type { WatchStartupStatusOptions } from "./watch-options.js";
