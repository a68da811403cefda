import type { FastifyInstance } from "fastify";
import { collectDefaultMetrics, type Registry } from "prom-client";
import type { StateDirectory } from "../../open-state-directory.js";
import type { RouteDescription } from "../routing/describe-route.js";
import { publishStoreMetrics } from "./store-metrics.js";

const description: RouteDescription = {
  role: "viewer",
  tag: "Operator",
  summary: "Read the metrics, for Prometheus",
  reply: { contentType: "text/plain", description: "The Prometheus text format. No document content, no ids." },
};

/** `/metrics` for Prometheus, from a registry of this server's own: two servers in one process do not mix. */
export function metricsRoute(server: FastifyInstance, state: StateDirectory, registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  publishStoreMetrics(registry, state);
  server.get("/metrics", { logLevel: "warn", config: { description } }, async (_request, reply) => {
    void reply.header("content-type", registry.contentType);
    return registry.metrics();
  });
}
