import { checkBody } from "../collections/check-body.js";
import type { CollectionDefinition, RevisionOptions, WriteOptions } from "../collections/index.js";
import { HoldfastError } from "../errors.js";
import type { CollectionState } from "./collection-state.js";
import type { PreparedWrite } from "./committer.js";
import type { Engine } from "./engine.js";
import { indexKeys } from "./index-keys.js";
import { assertReadable } from "./unreadable-version.js";
import type { Version } from "./version.js";

/**
 * Checks a write against the version it would replace, and serialises it.
 *
 * @throws HoldfastError `INVALID_DOCUMENT`, `DOCUMENT_TOO_LARGE`, `REVISION_CONFLICT`, `UNSUPPORTED_FORMAT`, `CORRUPT`
 */
export function preparePut(
  engine: Engine,
  definition: CollectionDefinition<unknown>,
  id: string,
  body: unknown,
  options: WriteOptions,
  current: Version | undefined,
): PreparedWrite {
  const collection = engine.attach(definition);
  checkRevision(definition.name, id, options, current);
  if (current !== undefined && current.schemaVersion > definition.version) {
    throw new HoldfastError(
      "UNSUPPORTED_FORMAT",
      `The document ${JSON.stringify(id)} of ${definition.name} has schema version ${current.schemaVersion}; this program knows version ${definition.version} and will not replace it.`,
      { details: { collection: definition.name, id, schemaVersion: current.schemaVersion } },
    );
  }
  const what = `The document ${JSON.stringify(id)} of ${definition.name}`;
  const json = checkBody(body, definition.schema, engine.limits, what);
  return {
    collection,
    id,
    content: {
      body: json,
      keys: indexKeys(definition, body),
      schemaVersion: definition.version,
      expiresAt: expiryOf(engine, definition, options),
    },
    replaces: current,
  };
}

export function prepareDelete(collection: CollectionState, id: string, current: Version | undefined): PreparedWrite {
  return { collection, id, content: undefined, replaces: current };
}

/** @throws HoldfastError `REVISION_CONFLICT`; `CORRUPT` if the document can not be read, so that nobody knows its revision */
export function checkRevision(
  collection: string,
  id: string,
  options: RevisionOptions,
  current: Version | undefined,
): void {
  const { ifRevision } = options;
  if (ifRevision === undefined) return;
  // Its revision was in the line that is damaged.
  assertReadable(current);
  const found = current?.revision ?? 0;
  if (found === ifRevision) return;
  const state = found === 0 ? "does not exist" : `is at revision ${found}`;
  throw new HoldfastError(
    "REVISION_CONFLICT",
    `The document ${JSON.stringify(id)} of ${collection} ${state}, not at revision ${ifRevision}.`,
    {
      details: { collection, id, expected: ifRevision, found },
    },
  );
}

/** The collection's lifetime counts on the expiry clock, so that a wrong wall clock can not shorten it. */
function expiryOf(
  engine: Engine,
  definition: CollectionDefinition<unknown>,
  options: WriteOptions,
): string | undefined {
  const { expiresAt } = options;
  if (expiresAt === null) return undefined;
  if (expiresAt === undefined) {
    const { timeToLiveMs } = definition.retention;
    return timeToLiveMs === undefined ? undefined : new Date(engine.expiry.now() + timeToLiveMs).toISOString();
  }
  const date = new Date(expiresAt);
  if (Number.isNaN(date.getTime())) {
    throw HoldfastError.ofProblems("INVALID_DOCUMENT", "The options of the write are not valid.", [
      { path: "/expiresAt", message: "must be a date in ISO 8601" },
    ]);
  }
  return date.toISOString();
}
