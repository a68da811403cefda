import { z } from "zod";
import { defineCollection, type CollectionDefinition } from "../collections/index.js";

/**
 * A collection whose kind this program does not know: bodies are read and written as they are.
 *
 * @param version the schema version that what is written will carry.
 * @throws HoldfastError `INVALID_CONFIG` if the name can not be that of a collection.
 */
export function rawDefinition(name: string, version = 1): CollectionDefinition<unknown> {
  const migrations = Object.fromEntries(
    Array.from({ length: version - 1 }, (_, index) => [index + 1, (body: unknown) => body]),
  );
  return defineCollection({ name, schema: z.unknown(), version, migrations });
}
