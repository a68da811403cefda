import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { RouteDescription } from "../routing/describe-route.js";
import type { RouteRegister } from "../routing/route-register.js";
import { openapiDocument, type OpenApiDocument } from "./openapi-document.js";

const description: RouteDescription = {
  role: "viewer",
  tag: "Operator",
  summary: "Read this description of the service",
  reply: z.looseObject({ openapi: z.literal("3.1.0") }).describe("An OpenAPI document."),
};

/** `/openapi.json`: every route of the server, itself included, from the schemas that check the requests. */
export function openapiRoute(server: FastifyInstance, register: RouteRegister): void {
  let document: OpenApiDocument | undefined;
  server.get("/openapi.json", { config: { description } }, () => {
    // Made once, at the first request: by then every route is there, and none can be added any more.
    document ??= openapiDocument(register.routes);
    return document;
  });
}
