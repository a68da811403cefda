import type { z } from "zod";

/**
 * What a key may do, each including those before it. `viewer` sees what holds no text of people: redacted replay,
 * aggregates, the state of the service. `detail` reads everything. `writer` records. `admin` also erases by session or
 * time, exports and restores.
 */
export const roles = ["viewer", "detail", "writer", "admin"] as const;
export type Role = (typeof roles)[number];

/** The error bodies of the reference, each used where the reference uses it; see `docs/errors.md`. */
export type ErrorShape = "openai" | "replay" | "management";

/** What a route is: enforced (role, error shape), and written into `/openapi.json`. Every route has one. */
export interface RouteDescription {
  /** The least role that may call it; `public` for probes. */
  readonly role: Role | "public";
  /** The heading under which the route is documented. */
  readonly tag: string;
  /** One sentence in the imperative, without a full stop. */
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType | { readonly contentType: string; readonly description: string };
  readonly reply: z.ZodType | { readonly contentType: string; readonly description: string };
  /** The status of success, or each of several. Default 200. */
  readonly status?: number | readonly number[];
  /** Default `openai`. */
  readonly errors?: ErrorShape;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** See {@link RouteDescription}. */
    description?: RouteDescription;
    /** Stands instead of it on what only answers 405: the shape of that answer. */
    methodNotAllowed?: ErrorShape;
  }
}
