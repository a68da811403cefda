import type { FastifyInstance } from "fastify";
import type { StateDirectory } from "../../open-state-directory.js";

/** What an operator asks of a running service. */
export function operatorRoutes(server: FastifyInstance, state: StateDirectory): void {
  server.get("/v1/operator/recovery", () => state.recovery);
}
