import { z } from "zod";
import { defineCollection, type Collection } from "../collections/index.js";
import { nearestName } from "../config/index.js";
import { HoldfastError } from "../errors.js";
import type { StateDirectory } from "../open-state-directory.js";

/**
 * Refuses a name that no collection can have. Asked before a directory is opened, so that nothing is made for it.
 *
 * @throws HoldfastError `INVALID_CONFIG`
 */
export function checkCollectionName(name: string): void {
  defineCollection({ name, schema: z.unknown() });
}

/**
 * The collection of this name, of a built-in kind or of any other.
 *
 * @throws HoldfastError `NOT_FOUND` if there is none: a misspelled one must not look like an empty one.
 */
export function existingCollection(state: StateDirectory, name: string): Collection<unknown> {
  const collection = state.collectionNamed(name);
  if (collection !== undefined) return collection;
  const nearest = nearestName(name, state.collectionNames());
  const hint = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
  throw new HoldfastError("NOT_FOUND", `There is no collection ${JSON.stringify(name)} in ${state.directory}.${hint}`, {
    details: { collection: name, directory: state.directory },
  });
}
