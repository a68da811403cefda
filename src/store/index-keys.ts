import type { CollectionDefinition, IndexDefinition, IndexValue } from "../collections/index.js";
import { HoldfastError } from "../errors.js";
import { migrateBody, parseBody } from "./interpret-body.js";
import type { Version } from "./version.js";

/** Whether anything of a body has to be known to find and to order its document. */
export function hasKeys({ indexes, order }: CollectionDefinition<unknown>): boolean {
  return order !== undefined || Object.keys(indexes).length > 0;
}

/** The values a body has for the collection's indexes and, behind them, for its order. */
export function indexKeys({ indexes, order }: CollectionDefinition<unknown>, body: unknown): Version["keys"] {
  const keys: (IndexValue | undefined)[] = [];
  for (const name in indexes) keys.push(valueAt(body, (indexes[name] as IndexDefinition).path));
  if (order !== undefined) keys.push(valueAt(body, order.path));
  return keys;
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
  return keysOf(definition, version, () => parseBody(definition, version, json));
}

/** {@link storedKeys} of a body that was parsed already; it may be changed by that. */
export function parsedKeys(
  definition: CollectionDefinition<unknown> | undefined,
  version: Pick<Version, "id" | "schemaVersion">,
  body: unknown,
): Version["keys"] {
  return keysOf(definition, version, () => body);
}

function keysOf(
  definition: CollectionDefinition<unknown> | undefined,
  version: Pick<Version, "id" | "schemaVersion">,
  parse: () => unknown,
): Version["keys"] {
  if (definition === undefined || !hasKeys(definition)) return [];
  try {
    return indexKeys(definition, migrateBody(definition, version, parse()));
  } catch (error) {
    if (error instanceof HoldfastError) return [];
    throw error;
  }
}

/** The paths that have been declared; there are as many as indexes in the program. */
const paths = new Map<string, readonly string[]>();

function membersOf(path: string): readonly string[] {
  let members = paths.get(path);
  if (members === undefined) paths.set(path, (members = path.split(".")));
  return members;
}

function valueAt(body: unknown, path: string): IndexValue | undefined {
  let value: unknown = body;
  for (const member of membersOf(path)) {
    value =
      typeof value === "object" && value !== null && Object.hasOwn(value, member)
        ? (value as Record<string, unknown>)[member]
        : undefined;
  }
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : undefined;
}
