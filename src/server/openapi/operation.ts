import { z } from "zod";
import type { ErrorShape } from "../routing/describe-route.js";
import type { RegisteredRoute } from "../routing/route-register.js";
import { shapeFor } from "../errors/error-shapes.js";
import { jsonSchemaOf, type JsonSchema } from "./json-schema.js";

/** The names of the error bodies among the components. */
export const errorComponents = {
  openai: "OpenAIError",
  replay: "ReplayError",
  management: "ManagementError",
} as const satisfies Record<ErrorShape, string>;

/** `/v1/responses/:id` as OpenAPI writes it: `/v1/responses/{id}`. */
export function pathTemplate(url: string): string {
  return url.replace(/:(\w+)/g, "{$1}");
}

/** What OpenAPI says of one route: an Operation Object. */
export function operationOf({ method, url, description }: RegisteredRoute): JsonSchema {
  const { role, tag, summary, query, body } = description;
  return {
    operationId: operationId(method, url),
    tags: [tag],
    summary,
    ...(role === "public"
      ? { security: [] }
      : { description: `Needs the role \`${role}\`, or one above it.`, security: [{ key: [] }] }),
    parameters: [...pathParameters(url), ...(query === undefined ? [] : queryParameters(query))],
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body, "input") } }),
    responses: responsesOf(description),
  };
}

/** `getResponsesIdInputItems`: the method and the words of the path. */
function operationId(method: string, url: string): string {
  const words = url.split(/[/:._-]+/).filter((word) => word !== "" && word !== "v1");
  return method.toLowerCase() + words.map(capitalized).join("");
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function pathParameters(url: string): JsonSchema[] {
  return [...url.matchAll(/:(\w+)/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string", minLength: 1, maxLength: 256 },
  }));
}

function queryParameters(query: z.ZodObject): JsonSchema[] {
  const { properties = {}, required = [] } = jsonSchemaOf(query, "input") as {
    properties?: Record<string, JsonSchema>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: "query",
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

function responsesOf({
  reply,
  status = 200,
  errors = "openai",
  role,
  query,
  body,
}: RegisteredRoute["description"]): JsonSchema {
  const responses: Record<string, JsonSchema> = {};
  for (const one of [status].flat()) {
    responses[String(one)] = { description: describeReply(reply), content: contentOf(reply, "output") };
  }
  const refuse = (code: number | "4XX" | "5XX", text: string): void => {
    const shape = shapeFor(errors, typeof code === "number" ? code : 400);
    const schema = { $ref: `#/components/schemas/${errorComponents[shape]}` };
    responses[String(code)] ??= { description: text, content: { "application/json": { schema } } };
  };
  if (role !== "public") {
    refuse(401, "No key, or one that is not known.");
    refuse(403, "The role of the key is too low.");
    refuse(429, "Too many requests; `retry-after` says when to come again.");
  }
  if (query !== undefined || body !== undefined) refuse(400, "The request is not valid.");
  refuse("4XX", "The request can not be answered.");
  refuse("5XX", "The service can not answer now.");
  return responses;
}

type Described = RegisteredRoute["description"]["reply"];

function describeReply(reply: Described): string {
  if (!(reply instanceof z.ZodType)) return reply.description;
  return reply.description ?? "As asked for.";
}

function contentOf(described: Described, io: "input" | "output"): JsonSchema {
  if (described instanceof z.ZodType) return { "application/json": { schema: jsonSchemaOf(described, io) } };
  // Bytes of any kind have no schema in OpenAPI 3.1.
  return { [described.contentType]: {} };
}
