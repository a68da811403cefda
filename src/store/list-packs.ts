import type { Checkpoint } from "./checkpoint-file.js";
import type { CollectionState } from "./collection-state.js";
import type { PackSet } from "./pack-set.js";

/**
 * The packs of all collections, as a checkpoint lists them.
 *
 * @param changed those of collections that are about to have others.
 */
export function listPacks(
  states: Iterable<CollectionState>,
  changed: ReadonlyMap<CollectionState, PackSet>,
): Checkpoint["packs"] {
  const packs: Checkpoint["packs"] = {};
  for (const state of states) {
    const { documents, packs: list } = changed.get(state) ?? state.packs;
    if (list.length > 0) packs[state.name] = { documents, list: list.map(({ summary }) => ({ ...summary })) };
  }
  return packs;
}
