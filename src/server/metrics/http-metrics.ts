import type { FastifyInstance } from "fastify";
import { Histogram, type Registry } from "prom-client";

/** Measures every request by method, route and status: the route as declared, never the ids in the path. */
export function measureRequests(server: FastifyInstance, registry: Registry): void {
  const durations = new Histogram({
    name: "holdfast_http_request_duration_seconds",
    help: "Time from the arrival of a request to the end of its reply.",
    labelNames: ["method", "route", "status"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  server.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "unknown";
    durations.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    done();
  });
}
