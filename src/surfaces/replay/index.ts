/** Router replay: what a router decided for each request, why, and what came of it. @module */
export {
  standardCapturePolicy,
  standardPolicyLimits,
  capturePolicyInputSchema,
  type CapturePolicy,
  type CapturePolicyInput,
  type CapturePolicyLimits,
} from "./capture-policy.js";
export type { ReplayHallucination } from "./hallucination.js";
export { lifecycleStates, recoveryReasons, type LifecycleState, type TerminalState } from "./lifecycle.js";
export { outcomeSchema, type Outcome } from "./outcome.js";
export type { RemovalOptions } from "./removal.js";
export type { CurrencySums, ReplayAggregate, ReplayGroup, TokenSums } from "./replay-aggregate.js";
export {
  replayChangesSchema,
  type CapturedBody,
  type ReplayChanges,
  type ReplayEnd,
  type ReplayStatus,
} from "./replay-changes.js";
export { replayCountersCollection, replayTotalsCollection } from "./replay-counter-document.js";
export { recorderSchema, replayRecordsCollection, type Recorder, type StoredReplayRecord } from "./replay-document.js";
export type { ReplayCounters } from "./replay-metrics.js";
export { standardReplayRetention, type ReplayOptions, type ReplayRetention } from "./replay-options.js";
export { replayPageLimits, type ReplayFilter, type ReplayPage, type ReplayQuery } from "./replay-query.js";
export { replayRecordSchema, type ReplayRecord, type ReplayRecordInput } from "./replay-record.js";
export {
  Replay,
  type AddRecordOptions,
  type ChangedRecord,
  type ChangeRecordOptions,
  type EndedRecord,
  type RecordedOutcome,
  type ReplayTime,
} from "./replay.js";
export { signalKinds, type SignalKind } from "./signals.js";
export { toolTraceSchema, type ToolTrace, type ToolTraceStep } from "./tool-trace.js";
export type { ReplayUsage } from "./usage.js";
export { redactRecord, redactTrajectory, UnredactableError } from "./redaction.js";
