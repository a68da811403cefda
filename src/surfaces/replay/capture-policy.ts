import { z } from "zod";
import type { ProblemList } from "../history/problems.js";

/**
 * What of a request's text is kept, and how much. It is stored with the record, so each later write to a record goes by
 * the policy that the record began with, whatever other requests or a new configuration say.
 */
export const capturePolicySchema = z.looseObject({
  /**
   * The one switch for all captured text: bodies, prompt, tool definitions, what tool steps said and were given, and the
   * excerpts of a hallucination check. Off: none of it is stored; the facts around it are.
   */
  capture_text: z.boolean(),
  capture_request_body: z.boolean(),
  capture_response_body: z.boolean(),
  /** Of each body, in bytes of UTF-8. */
  max_body_bytes: z.int().min(1),
  /** Of the prompt, of the tool definitions, and of all tool steps together, in bytes each. 0: only the record's limit. */
  max_tool_trace_bytes: z.int().min(0),
  /** The newest steps kept. 0: only the record's limit. */
  max_tool_trace_steps: z.int().min(0),
  /** Of the whole record as JSON, in bytes. Beyond it the bodies go first, then the tool text; then it is refused. */
  max_record_bytes: z.int().min(1024),
});
export type CapturePolicy = z.infer<typeof capturePolicySchema>;

/** The reference's defaults (`surfaces.md` 2.4), and a bound for what it leaves unbounded. */
export const standardCapturePolicy: CapturePolicy = {
  capture_text: true,
  capture_request_body: true,
  capture_response_body: true,
  max_body_bytes: 4_096,
  max_tool_trace_bytes: 64 * 1024,
  max_tool_trace_steps: 100,
  max_record_bytes: 256 * 1024,
};

/** A policy as a caller writes it: what it leaves out is as the default policy has it. */
export const capturePolicyInputSchema = z.strictObject(capturePolicySchema.shape).partial();
export type CapturePolicyInput = z.infer<typeof capturePolicyInputSchema>;

/** The largest that a policy may ask for, so that no sender can make records of any size. */
export interface CapturePolicyLimits {
  /** Default 1 MiB. */
  readonly maximumBodyBytes: number;
  /** Default 1 MiB. */
  readonly maximumToolTraceBytes: number;
  /** Default 10,000. */
  readonly maximumToolTraceSteps: number;
  /** Default 4 MiB. */
  readonly maximumRecordBytes: number;
}

export const standardPolicyLimits: CapturePolicyLimits = {
  maximumBodyBytes: 1024 * 1024,
  maximumToolTraceBytes: 1024 * 1024,
  maximumToolTraceSteps: 10_000,
  maximumRecordBytes: 4 * 1024 * 1024,
};

/** Completes a policy and checks it against the limits; what is wrong is noted under `/policy`. */
export function resolvePolicy(
  input: CapturePolicyInput | undefined,
  standard: CapturePolicy,
  limits: CapturePolicyLimits,
  problems: ProblemList,
): CapturePolicy {
  if (input === undefined) return standard;
  if (problems.check(capturePolicyInputSchema, input, "/policy") === undefined) return standard;
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  const policy = { ...standard, ...Object.fromEntries(given) };
  const bounds = [
    ["max_body_bytes", limits.maximumBodyBytes],
    ["max_tool_trace_bytes", limits.maximumToolTraceBytes],
    ["max_tool_trace_steps", limits.maximumToolTraceSteps],
    ["max_record_bytes", limits.maximumRecordBytes],
  ] as const;
  for (const [name, most] of bounds) {
    if (policy[name] > most) problems.add(`/policy/${name}`, `must be at most ${most}`);
  }
  return policy;
}
