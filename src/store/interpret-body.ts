import type { CollectionDefinition, Document } from "../collections/index.js";
import { HoldfastError } from "../errors.js";
import type { Version } from "./version.js";

/**
 * Parses a body as it is stored.
 *
 * @throws HoldfastError `CORRUPT` if it is no JSON: its checksum was right, so whoever wrote it did not write this format.
 */
export function parseBody(
  definition: CollectionDefinition<unknown> | undefined,
  { id }: Pick<Version, "id">,
  json: string,
): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    const where = definition === undefined ? "" : ` of ${definition.name}`;
    throw new HoldfastError(
      "CORRUPT",
      `The document ${JSON.stringify(id)}${where} has a body that is no JSON, though its checksum is right: it was not written by this program. Write the document anew, or delete it.`,
      { cause: error, details: { id, ...(definition === undefined ? {} : { collection: definition.name }) } },
    );
  }
}

/**
 * Parses a stored body and brings it to the definition's schema version.
 *
 * @throws HoldfastError `UNSUPPORTED_FORMAT` if a newer program wrote it; `CORRUPT` if it is no JSON, or a migration fails
 * on it.
 */
export function interpretBody(
  definition: CollectionDefinition<unknown> | undefined,
  stored: Pick<Version, "id" | "schemaVersion">,
  json: string,
): unknown {
  return migrateBody(definition, stored, parseBody(definition, stored, json));
}

/**
 * Brings a parsed body to the definition's schema version. A migration may change it in its place.
 *
 * @throws HoldfastError `UNSUPPORTED_FORMAT` if a newer program wrote it; `CORRUPT` if a migration fails on it.
 */
export function migrateBody(
  definition: CollectionDefinition<unknown> | undefined,
  stored: Pick<Version, "id" | "schemaVersion">,
  parsed: unknown,
): unknown {
  if (definition === undefined || stored.schemaVersion === definition.version) return parsed;
  let body = parsed;
  const { name, version, migrations } = definition;
  const what = `The document ${JSON.stringify(stored.id)} of ${name}`;
  if (stored.schemaVersion > version) {
    throw new HoldfastError(
      "UNSUPPORTED_FORMAT",
      `${what} has schema version ${stored.schemaVersion}; this program knows version ${version}. It was left as it is: use the program that wrote it, or a newer one.`,
      { details: { collection: name, id: stored.id, schemaVersion: stored.schemaVersion, known: version } },
    );
  }
  for (let from = stored.schemaVersion; from < version; from += 1) {
    const migrate = migrations[from];
    if (migrate === undefined) continue;
    try {
      body = migrate(body);
    } catch (error) {
      throw new HoldfastError("CORRUPT", `${what} could not be migrated from schema version ${from} to ${from + 1}.`, {
        cause: error,
        details: { collection: name, id: stored.id, from },
      });
    }
  }
  return body;
}

export function documentOf<Body>(
  definition: CollectionDefinition<Body>,
  version: Version,
  json: string,
): Document<Body> {
  const body = interpretBody(definition, version, json) as Body;
  const { id, revision, sequence, createdAt, updatedAt, expiresAt } = version;
  // Member by member: one is made for every document that is read, and a spread costs several times as much.
  if (expiresAt === undefined) return { id, revision, sequence, createdAt, updatedAt, body };
  return { id, revision, sequence, createdAt, updatedAt, expiresAt, body };
}
