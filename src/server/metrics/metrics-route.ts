import type { FastifyInstance } from "fastify";
import { collectDefaultMetrics, type Registry } from "prom-client";
import type { StateDirectory } from "../../open-state-directory.js";
import { publishStoreMetrics } from "./store-metrics.js";

/** `/metrics` for Prometheus, from a registry of this server's own: two servers in one process do not mix. */
export function metricsRoute(server: FastifyInstance, state: StateDirectory, registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  publishStoreMetrics(registry, state);
  server.get("/metrics", { logLevel: "warn" }, async (_request, reply) => {
    void reply.header("content-type", registry.contentType);
    return registry.metrics();
  });
}
