import { z } from "zod";

/** Members that may all be left out and share one type: what most of a record's groups are made of. */
export function optionalMembers<Schema extends z.ZodType, const Names extends readonly string[]>(
  schema: Schema,
  names: Names,
): Record<Names[number], z.ZodOptional<Schema>> {
  const members = names.map((name) => [name, z.optional(schema)]);
  return Object.fromEntries(members) as Record<Names[number], z.ZodOptional<Schema>>;
}
