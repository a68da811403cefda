import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance } from "fastify";
import { WireError } from "../errors/wire-error.js";
import { callerOf } from "./role-of.js";

const timeWindowMs = 60_000;

/**
 * Limits how many requests a minute each key may send, and each address that sends none of the keys. Probes are not
 * counted: a router that is busy must not look dead.
 *
 * @param perMinute the most requests; 0 for no limit.
 */
export function limitRequests(server: FastifyInstance, perMinute: number): void {
  if (perMinute === 0) return;
  void server.register(rateLimit, { global: false, max: perMinute, timeWindow: timeWindowMs });
  let count: ReturnType<FastifyInstance["createRateLimit"]> | undefined;
  server.addHook("onRequest", async (request, reply) => {
    if (request.routeOptions.config.description?.role === "public") return;
    // Made at the first request: the plugin that offers it is loaded when the server has started.
    count ??= server.createRateLimit({
      keyGenerator: (counted) => {
        const caller = callerOf(counted);
        return caller === undefined ? `address ${counted.ip}` : `key ${caller.name}`;
      },
    });
    const limit = await count(request);
    if (limit.isAllowed) return;
    void reply.headers({
      "x-ratelimit-limit": limit.max,
      "x-ratelimit-remaining": limit.remaining,
      "x-ratelimit-reset": limit.ttlInSeconds,
    });
    if (!limit.isExceeded) return;
    void reply.header("retry-after", limit.ttlInSeconds);
    throw new WireError(
      429,
      `More than ${limit.max} requests came within a minute. The next one is answered in ${limit.ttlInSeconds} s.`,
      { type: "rate_limit_error", code: "rate_limit_exceeded" },
    );
  });
}
