import { z } from "zod";

/** A JSON Schema, draft 2020-12, which is the dialect of OpenAPI 3.1. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema of a zod schema.
 *
 * @param io `input` for what clients send, where members with a default can be left out; `output` for what they get,
 * where members that a later version adds are allowed.
 */
export function jsonSchemaOf(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const content = z.toJSONSchema(schema, {
    target: "draft-2020-12",
    io,
    // What JSON Schema can not say is described as anything: a client is told less, never something wrong.
    unrepresentable: "any",
  });
  // The dialect is that of the whole document.
  delete content.$schema;
  return io === "output" ? (open(content) as JsonSchema) : content;
}

/** Replies may gain members; zod describes its objects as closed. */
function open(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(open);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, member]) => !(key === "additionalProperties" && member === false))
      .map(([key, member]) => [key, open(member)]),
  );
}
