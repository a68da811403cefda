import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { sendError } from "../errors/error-handling.js";
import { WireError } from "../errors/wire-error.js";
import type { RouteRegister } from "./route-register.js";

const allMethods = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"];

/** Answers 405 on every known path for the methods it does not have. Call it when all routes are registered. */
export function refuseOtherMethods(server: FastifyInstance, register: RouteRegister): void {
  for (const [url, routes] of register.byUrl()) {
    const methods = new Set(routes.map(({ method }) => method));
    const missing = allMethods.filter((method) => !methods.has(method));
    const allowed = [...methods].sort().join(", ");
    const shape = routes[0]?.description.errors ?? "openai";
    server.route({
      method: missing,
      url,
      config: { methodNotAllowed: shape },
      handler: (request, reply) => {
        void reply.header("allow", allowed);
        if (shape === "replay") return refuseAsReference(request, reply);
        const message = `${request.method} is not offered here; ${allowed} ${methods.size === 1 ? "is" : "are"}.`;
        return sendError(new WireError(405, message, { code: "method_not_allowed" }), request, reply);
      },
    });
  }
}

/** On its replay routes the reference tells HEAD so in its error body, and every other method in plain text. */
function refuseAsReference(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (request.method === "HEAD") return sendError(new WireError(405, "method not allowed"), request, reply);
  return reply.code(405).type("text/plain; charset=utf-8").send("Method Not Allowed\n");
}
