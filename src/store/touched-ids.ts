import type { CollectionState } from "./collection-state.js";

/**
 * The ids with a commit above the checkpoint, while a directory is loaded, and which of them existed at the checkpoint.
 *
 * What was created since is not kept here: there may be thousands, and all of them are among what is dirty.
 */
export class TouchedIds {
  /** Whether it existed at the checkpoint, which its first commit above that tells. */
  readonly #byState = new Map<CollectionState, Map<string, boolean>>();

  /** Notes a commit of an id that was there before, before it is applied. */
  note(state: CollectionState, { id, revision }: { readonly id: string; readonly revision: number }): void {
    let noted = this.#byState.get(state);
    if (noted === undefined) this.#byState.set(state, (noted = new Map<string, boolean>()));
    if (!noted.has(id) && !state.dirty.has(id)) noted.set(id, revision > 1);
  }

  /** Only before anything but commits is added to what is dirty. */
  has(state: CollectionState, id: string): boolean {
    return state.dirty.has(id) || this.#byState.get(state)?.has(id) === true;
  }

  /** Some may come twice. */
  of(state: CollectionState): Iterable<string> {
    return [...state.dirty.keys(), ...(this.#byState.get(state)?.keys() ?? [])];
  }

  /** How many existed at the checkpoint. */
  countExisting(state: CollectionState): number {
    let count = 0;
    for (const existed of this.#byState.get(state)?.values() ?? []) if (existed) count += 1;
    return count;
  }
}
