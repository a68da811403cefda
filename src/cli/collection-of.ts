import type { Collection } from "../collections/index.js";
import { nearestName } from "../config/index.js";
import { HoldfastError } from "../errors.js";
import type { StateDirectory } from "../open-state-directory.js";
import { rawDefinition } from "./raw-definition.js";

/**
 * The collection of this name, of a built-in kind or of any other.
 *
 * @throws HoldfastError `INVALID_CONFIG` if the name can not be that of a collection; `NOT_FOUND` if there is none of
 * this name: a misspelled one must not look like an empty one.
 */
export function existingCollection(state: StateDirectory, name: string): Collection<unknown> {
  const collection = anyCollection(state, name);
  const names = state.collectionNames();
  if (!names.includes(name)) {
    const nearest = nearestName(name, names);
    const hint = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
    throw new HoldfastError("NOT_FOUND", `There is no collection ${name} in ${state.directory}.${hint}`, {
      details: { collection: name, directory: state.directory },
    });
  }
  return collection;
}

/** As {@link existingCollection}, but the collection may be a new one. */
export function anyCollection(state: StateDirectory, name: string): Collection<unknown> {
  return state.collection(rawDefinition(name));
}
