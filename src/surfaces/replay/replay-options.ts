import { randomUUID } from "node:crypto";
import { HoldfastError, type Problem } from "../../errors.js";
import { ProblemList } from "../history/problems.js";
import {
  resolvePolicy,
  standardCapturePolicy,
  standardPolicyLimits,
  type CapturePolicy,
  type CapturePolicyInput,
  type CapturePolicyLimits,
} from "./capture-policy.js";

export interface ReplayRetention {
  /** How long a record is kept, from its `timestamp`, in milliseconds. Default 30 days. */
  readonly timeToLiveMs: number;
  /** The most records kept; beyond it the oldest go. Default 100,000. */
  readonly maximumCount: number;
  /** The most bytes of records kept, as JSON; beyond it the oldest go. Default 1 GiB. */
  readonly maximumBytes: number;
}

export interface ReplayOptions {
  /** The clock of expiry, and of what a record says of its end, in milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
  /** Names this process, unlike every earlier one. Default: a random UUID. */
  readonly run?: string;
  readonly retention?: Partial<ReplayRetention>;
  /** What a record's policy leaves out. Default: {@link standardCapturePolicy}. */
  readonly policy?: CapturePolicyInput;
  /** The largest that a record's policy may ask for. Default: {@link standardPolicyLimits}. */
  readonly policyLimits?: Partial<CapturePolicyLimits>;
  /** How long a remote recorder may be silent about a record before it counts as lost, in milliseconds. Default 15 minutes. */
  readonly abandonedAfterMs?: number;
}

export interface ReplaySettings {
  readonly now: () => number;
  readonly run: string;
  readonly retention: ReplayRetention;
  readonly policy: CapturePolicy;
  readonly policyLimits: CapturePolicyLimits;
  readonly abandonedAfterMs: number;
}

export const standardReplayRetention: ReplayRetention = {
  timeToLiveMs: 30 * 24 * 60 * 60 * 1000,
  maximumCount: 100_000,
  maximumBytes: 1024 * 1024 * 1024,
};

/** @throws HoldfastError `INVALID_CONFIG`, every problem listed. */
export function resolveOptions(options: ReplayOptions): ReplaySettings {
  const retention = { ...standardReplayRetention, ...given(options.retention) };
  const policyLimits = { ...standardPolicyLimits, ...given(options.policyLimits) };
  const abandonedAfterMs = options.abandonedAfterMs ?? 15 * 60 * 1000;
  const problems: Problem[] = [];
  const positive: readonly [string, number][] = [
    ...Object.entries(retention).map(([name, value]): [string, number] => [`/retention/${name}`, value]),
    ...Object.entries(policyLimits).map(([name, value]): [string, number] => [`/policyLimits/${name}`, value]),
    ["/abandonedAfterMs", abandonedAfterMs],
  ];
  for (const [path, value] of positive) {
    if (!(Number.isFinite(value) && value > 0)) problems.push({ path, message: "must be a positive number" });
  }
  const run = options.run ?? randomUUID();
  if (run === "") problems.push({ path: "/run", message: "must not be empty" });
  const ofPolicy = new ProblemList();
  const policy = resolvePolicy(options.policy, standardCapturePolicy, policyLimits, ofPolicy);
  problems.push(...ofPolicy.listed);
  if (problems.length > 0) {
    throw HoldfastError.ofProblems("INVALID_CONFIG", "The options of the router replay are not valid.", problems);
  }
  return { now: options.now ?? Date.now, run, retention, policy, policyLimits, abandonedAfterMs };
}

/** The members that are not undefined, which would otherwise hide a default. */
function given<Value extends object>(value: Value | undefined): Value | undefined {
  if (value === undefined) return undefined;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Value;
}
