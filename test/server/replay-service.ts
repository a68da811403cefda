import type { Role } from "../../src/server/routing/describe-route.js";
import { bearing, keys } from "./keys.js";
import { runningService, type Reply, type RunningService } from "./running-service.js";

/** A service with a key for each role. */
export interface KeyedService extends RunningService {
  /** Sends a request as the given role. */
  as(role: Role, method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  /** The bytes that a GET is answered with, as text. */
  text(role: Role, path: string): Promise<string>;
}

export async function keyedService(): Promise<KeyedService> {
  const service = await runningService({ keys });
  return Object.assign(service, {
    as: (role: Role, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
      service.send(method, path, body, { ...headers, ...bearing(role) }),
    text: async (role: Role, path: string) => {
      const reply = await fetch(new URL(path, service.url), { headers: bearing(role) });
      return reply.text();
    },
  });
}
