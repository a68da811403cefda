import { version } from "../../version.js";
import { managementErrorSchema, openaiErrorSchema, replayErrorSchema } from "../errors/error-shapes.js";
import type { RegisteredRoute } from "../routing/route-register.js";
import { jsonSchemaOf, type JsonSchema } from "./json-schema.js";
import { errorComponents, operationOf, pathTemplate } from "./operation.js";

/** The service as an OpenAPI 3.1 document, made of what its routes say of themselves. */
export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string }[];
  /** By path, then by method in lower case. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, JsonSchema>>;
  };
}

/** HEAD is left out: it answers as GET does, without the body. */
export function openapiDocument(routes: readonly RegisteredRoute[]): OpenApiDocument {
  const described = routes.filter(({ method }) => method !== "HEAD");
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of described) {
    const operations = (paths[pathTemplate(route.url)] ??= {});
    operations[route.method.toLowerCase()] = operationOf(route);
  }
  const tags = [...new Set(described.map(({ description }) => description.tag))].sort();
  return {
    openapi: "3.1.0",
    info: {
      title: "Holdfast",
      version,
      description: "Restart-safe state for AI routers. A 2xx means that what was recorded is durable.",
    },
    tags: tags.map((name) => ({ name })),
    paths,
    components: {
      schemas: {
        [errorComponents.openai]: jsonSchemaOf(openaiErrorSchema, "output"),
        [errorComponents.replay]: jsonSchemaOf(replayErrorSchema, "output"),
        [errorComponents.management]: jsonSchemaOf(managementErrorSchema, "output"),
      },
      securitySchemes: {
        key: {
          type: "http",
          scheme: "bearer",
          description: "A key of the service. Without keys, on loopback, none is asked for.",
        },
      },
    },
  };
}
