import { z } from "zod";
import type { StateDirectory } from "../../open-state-directory.js";
import type { StartupStatus } from "../../watch/startup-status.js";

/** The name this service goes by in the bodies of the probes. */
export const serviceName = "holdfast";

/**
 * The body of `/ready`, every member always present, as the reference has it (surfaces 4.4): members that the status
 * leaves out become null or zero. Where there is no status to tell, only the first three are there.
 */
export const readyBodySchema = z.object({
  status: z.enum(["starting", "ready"]),
  service: z.literal(serviceName),
  ready: z.boolean(),
  phase: z.string().optional(),
  message: z.string().nullable().optional(),
  downloading_model: z.string().nullable().optional(),
  pending_models: z.array(z.string()).nullable().optional(),
  ready_models: z.int().optional(),
  total_models: z.int().optional(),
});
export type ReadyBody = z.infer<typeof readyBodySchema>;

export function readyBody(status: StartupStatus): ReadyBody {
  return {
    status: status.ready ? "ready" : "starting",
    service: serviceName,
    ready: status.ready,
    phase: status.phase,
    message: status.message ?? null,
    downloading_model: status.downloading_model ?? null,
    pending_models: status.pending_models ?? null,
    ready_models: status.ready_models ?? 0,
    total_models: status.total_models ?? 0,
  };
}

/** @returns `undefined` for a directory opened for reading: only its owner has a startup status to tell. */
export function startupStatusOf(state: StateDirectory): StartupStatus | undefined {
  return state.mode === "reader" ? undefined : state.startup.current;
}

/** Bodies for a directory opened without a startup status of its own, as a reader does. */
export const statusUnavailable = { phase: "unknown", ready: false, message: "startup status not available" } as const;
export const statusUnavailableSchema = z.object({
  phase: z.literal(statusUnavailable.phase),
  ready: z.literal(statusUnavailable.ready),
  message: z.literal(statusUnavailable.message),
});
export const readyUnavailable = { status: "starting", service: serviceName, ready: false } as const;

/** Whether traffic should come: the router has reported that it serves, and the store can still acknowledge something. */
export function acceptsTraffic(status: StartupStatus | undefined, condition: StateDirectory["condition"]): boolean {
  return status?.ready === true && (condition.state === "open" || condition.state === "full");
}

/** Whether the start is over, for good or bad: what a startup probe waits for before the liveness probe takes over. */
export function hasStarted(status: StartupStatus | undefined): boolean {
  return status !== undefined && (status.ready || status.phase === "stopping" || status.phase === "stopped");
}
