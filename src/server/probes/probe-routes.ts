import type { FastifyInstance, FastifyReply } from "fastify";
import type { StateDirectory } from "../../open-state-directory.js";
import {
  acceptsTraffic,
  hasStarted,
  readyBody,
  readyUnavailable,
  serviceName,
  startupStatusOf,
  statusUnavailable,
} from "./readiness.js";

/** Probes come every second or so; only failures of theirs are worth a line in the log. */
const quiet = { logLevel: "warn" } as const;

/**
 * The reference's `/health`, `/ready` and `/startup-status`, and the three probes Kubernetes asks for. All of them answer
 * from memory: a probe never waits for a disk.
 */
export function probeRoutes(server: FastifyInstance, state: StateDirectory): void {
  server.get("/health", quiet, () => ({ status: "healthy", service: serviceName }));

  server.get("/ready", quiet, (_request, reply) => {
    const status = startupStatusOf(state);
    return answer(reply, status?.ready === true, status === undefined ? readyUnavailable : readyBody(status));
  });

  server.get("/startup-status", quiet, (_request, reply) => {
    const status = startupStatusOf(state);
    return answer(reply, status?.ready === true, status ?? statusUnavailable);
  });

  server.get("/livez", quiet, () => ({ status: "alive" }));

  server.get("/readyz", quiet, (_request, reply) => {
    const status = startupStatusOf(state);
    const { state: condition } = state.condition;
    const phase = status?.phase ?? statusUnavailable.phase;
    return answer(reply, acceptsTraffic(status, state.condition), { phase, condition });
  });

  server.get("/startupz", quiet, (_request, reply) => {
    const status = startupStatusOf(state);
    return answer(reply, hasStarted(status), { phase: status?.phase ?? statusUnavailable.phase });
  });
}

function answer(reply: FastifyReply, isFine: boolean, body: object): FastifyReply {
  return reply.code(isFine ? 200 : 503).send(body);
}
