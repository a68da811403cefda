import { HoldfastError } from "../errors.js";
import type { CollectionState } from "./collection-state.js";
import type { Version } from "./version.js";

/** A file that lost its version without a newer one having been acknowledged: not a race but damage. */
export function lostVersion(state: CollectionState, version: Version): HoldfastError {
  return new HoldfastError(
    "CORRUPT",
    `The file of the document ${JSON.stringify(version.id)} of ${state.name} is gone, or holds another version than it should. Run \`holdfast verify\`.`,
    { details: { collection: state.name, id: version.id, sequence: version.sequence } },
  );
}
