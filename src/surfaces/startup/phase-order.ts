import { startupPhases, type StartupPhase } from "../../watch/startup-status.js";

/** The phases a start goes through, in this order; any can be left out. */
const startupOrder: readonly StartupPhase[] = startupPhases.slice(0, startupPhases.indexOf("ready"));

/** Can be reported from wherever the router is. */
const always: readonly StartupPhase[] = ["error", "stopping", "stopped"];

/**
 * The phases that may be reported after `phase`, itself included where it can be repeated with new details. A start only
 * goes forward; a router that serves is `ready` or `degraded`; what failed or stops does not serve again in this run.
 */
export function phasesAfter(phase: StartupPhase): readonly StartupPhase[] {
  switch (phase) {
    case "downloading_models":
      // A router that needs several models may check one, download it, and check the next, as the reference does.
      return phasesAfter("checking_models");
    case "starting":
    case "recovering":
    case "checking_models":
    case "initializing_models":
      return [...startupOrder.slice(startupOrder.indexOf(phase)), "ready", "degraded", ...always];
    case "ready":
    case "degraded":
      return ["ready", "degraded", ...always];
    case "error":
      return always;
    case "stopping":
      return always;
    case "stopped":
      return [];
  }
}
