import type { CollectionDefinition, IndexValue } from "../collections/index.js";
import { HoldfastError } from "../errors.js";
import { migrateBody } from "./interpret-body.js";
import type { Version } from "./version.js";

/** Whether anything of a body has to be known to find and to order its document. */
export function hasKeys({ indexes, order }: CollectionDefinition<unknown>): boolean {
  return order !== undefined || Object.keys(indexes).length > 0;
}

/** The values a body has for the collection's indexes and, behind them, for its order. */
export function indexKeys({ indexes, order }: CollectionDefinition<unknown>, body: unknown): Version["keys"] {
  const members = Object.values(indexes);
  return (order === undefined ? members : [...members, order]).map(({ path }) => valueAt(body, path));
}

/**
 * The same for a body as it is stored. One that this program can not interpret is in no index, and stands first in a
 * declared order; reading it says why.
 */
export function storedKeys(
  definition: CollectionDefinition<unknown> | undefined,
  version: Pick<Version, "id" | "schemaVersion">,
  json: string,
): Version["keys"] {
  return definition === undefined || !hasKeys(definition) ? [] : parsedKeys(definition, version, JSON.parse(json));
}

/** {@link storedKeys} of a body that was parsed already; it may be changed by that. */
export function parsedKeys(
  definition: CollectionDefinition<unknown> | undefined,
  version: Pick<Version, "id" | "schemaVersion">,
  body: unknown,
): Version["keys"] {
  if (definition === undefined || !hasKeys(definition)) return [];
  try {
    return indexKeys(definition, migrateBody(definition, version, body));
  } catch (error) {
    if (error instanceof HoldfastError) return [];
    throw error;
  }
}

function valueAt(body: unknown, path: string): IndexValue | undefined {
  let value: unknown = body;
  for (const member of path.split(".")) {
    value =
      typeof value === "object" && value !== null && Object.hasOwn(value, member)
        ? (value as Record<string, unknown>)[member]
        : undefined;
  }
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : undefined;
}
