import type { FastifyInstance } from "fastify";
import { HoldfastError } from "../../errors.js";
import type { RouteDescription } from "./describe-route.js";

/** A route as it was registered, with what it says of itself. */
export interface RegisteredRoute {
  readonly method: string;
  /** With its parameters as declared: `/v1/responses/:id`. */
  readonly url: string;
  readonly description: RouteDescription;
}

/**
 * Every route of a server, and that every route describes itself. A route that does not say who may call it is refused
 * when it is registered: what nobody thought of is closed, not open.
 */
export class RouteRegister {
  readonly #routes: RegisteredRoute[] = [];

  /** Watches a server from here on; call it before any route is registered. */
  constructor(server: FastifyInstance) {
    server.addHook("onRoute", ({ url, method, config = {} }) => {
      const { description, methodNotAllowed } = config;
      if (methodNotAllowed !== undefined) return;
      if (description === undefined) {
        throw new HoldfastError(
          "INVALID_CONFIG",
          `The route ${[method].flat().join(", ")} ${url} does not describe itself, so nobody would know who may call ` +
            "it. Register it with config: { description }.",
        );
      }
      for (const one of [method].flat()) this.#routes.push({ method: one, url, description });
    });
  }

  /** In the order of registration. HEAD is among them where the framework answers it from GET. */
  get routes(): readonly RegisteredRoute[] {
    return this.#routes;
  }

  byUrl(): Map<string, RegisteredRoute[]> {
    const byUrl = new Map<string, RegisteredRoute[]>();
    for (const route of this.#routes) byUrl.set(route.url, [...(byUrl.get(route.url) ?? []), route]);
    return byUrl;
  }
}

declare module "fastify" {
  interface FastifyInstance {
    /** Every route of a server made by `createServer`. */
    routeRegister: RouteRegister;
  }
}
