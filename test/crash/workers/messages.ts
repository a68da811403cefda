import type { ScenarioCounts } from "../counts.js";
import type { Violation } from "../explorer.js";
import type { Slice } from "../slices.js";

/** What a worker is asked: one slice at a time. */
export interface SliceRequest {
  readonly slice: Slice;
  /** It ends early after so many violations. */
  readonly mostViolations: number;
}

/** What a worker says of its slice. */
export type WorkerMessage =
  | { readonly kind: "violation"; readonly violation: Violation }
  | { readonly kind: "explored"; readonly scenarios: ReadonlyMap<string, ScenarioCounts> }
  /** The exploration itself has failed, which is no violation. */
  | { readonly kind: "failed"; readonly reason: string };
