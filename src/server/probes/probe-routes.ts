import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import type { StateDirectory } from "../../open-state-directory.js";
import { startupPhaseSchema, startupStatusSchema } from "../../watch/startup-status.js";
import type { RouteDescription } from "../routing/describe-route.js";
import {
  acceptsTraffic,
  hasStarted,
  readyBody,
  readyBodySchema,
  readyUnavailable,
  serviceName,
  startupStatusOf,
  statusUnavailable,
  statusUnavailableSchema,
} from "./readiness.js";

const phaseSchema = z.union([startupPhaseSchema, z.literal(statusUnavailable.phase)]);

/** Probes come every second or so; only failures of theirs are worth a line in the log. */
function probe(
  summary: string,
  reply: RouteDescription["reply"],
  status: RouteDescription["status"] = [200, 503],
): {
  logLevel: "warn";
  config: { description: RouteDescription };
} {
  return { logLevel: "warn", config: { description: { role: "public", tag: "Probes", summary, reply, status } } };
}

const health = probe(
  "Tell that the process serves",
  z.object({ status: z.literal("healthy"), service: z.literal(serviceName) }),
  200,
);
const ready = probe("Tell whether the router is ready, as the reference does", readyBodySchema);
const startupStatus = probe("Read the startup status", z.union([startupStatusSchema, statusUnavailableSchema]));
const livez = probe("Tell that the process answers", z.object({ status: z.literal("alive") }), 200);
const readyz = probe(
  "Tell whether traffic should come: ready, and the store can answer",
  z.object({ phase: phaseSchema, condition: z.string() }),
);
const startupz = probe("Tell whether the start is over", z.object({ phase: phaseSchema }));

/**
 * The reference's `/health`, `/ready` and `/startup-status`, and the three probes Kubernetes asks for. All of them answer
 * from memory: a probe never waits for a disk.
 */
export function probeRoutes(server: FastifyInstance, state: StateDirectory): void {
  server.get("/health", health, () => ({ status: "healthy", service: serviceName }));

  server.get("/ready", ready, (_request, reply) => {
    const status = startupStatusOf(state);
    return answer(reply, status?.ready === true, status === undefined ? readyUnavailable : readyBody(status));
  });

  server.get("/startup-status", startupStatus, (_request, reply) => {
    const status = startupStatusOf(state);
    return answer(reply, status?.ready === true, status ?? statusUnavailable);
  });

  server.get("/livez", livez, () => ({ status: "alive" }));

  server.get("/readyz", readyz, (_request, reply) => {
    const status = startupStatusOf(state);
    const { state: condition } = state.condition;
    const phase = status?.phase ?? statusUnavailable.phase;
    return answer(reply, acceptsTraffic(status, state.condition), { phase, condition });
  });

  server.get("/startupz", startupz, (_request, reply) => {
    const status = startupStatusOf(state);
    return answer(reply, hasStarted(status), { phase: status?.phase ?? statusUnavailable.phase });
  });
}

function answer(reply: FastifyReply, isFine: boolean, body: object): FastifyReply {
  return reply.code(isFine ? 200 : 503).send(body);
}
