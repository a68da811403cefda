import type { CollectionDefinition } from "../collections/index.js";
import { HoldfastError } from "../errors.js";
import { sameColumns } from "../packs/index.js";
import type { Bodies } from "./bodies.js";
import { CollectionState } from "./collection-state.js";
import { hasKeys, storedKeys } from "./index-keys.js";

/** The collections of an open directory: what is on disk, and what the program has declared. */
export class CollectionRegistry {
  readonly #states: Map<string, CollectionState>;
  readonly #bodies: Bodies;
  readonly #rebuild: (state: CollectionState, definition: CollectionDefinition<unknown>) => Promise<void>;

  /** @param rebuild gives the packs of a collection an index for its definition. */
  constructor(
    states: Map<string, CollectionState>,
    bodies: Bodies,
    rebuild: (state: CollectionState, definition: CollectionDefinition<unknown>) => Promise<void>,
  ) {
    this.#states = states;
    this.#bodies = bodies;
    this.#rebuild = rebuild;
    // A program that declares other indexes than the last one finds packs that do not have them yet.
    for (const state of states.values()) this.refresh(state);
  }

  /** Gives packs that came with other indexes than the definition declares those that it does; listings wait for it. */
  refresh(state: CollectionState): void {
    const { definition, columns, packs } = state;
    if (definition === undefined || !hasKeys(definition)) return;
    if (packs.packs.every((pack) => sameColumns(pack.columns, columns))) return;
    this.#index(state, definition);
  }

  names(): string[] {
    return [...this.#states.keys()].sort();
  }

  all(): Iterable<CollectionState> {
    return this.#states.values();
  }

  /** What the program has declared so far. */
  definitions(): Map<string, CollectionDefinition<unknown>> {
    const declared = new Map<string, CollectionDefinition<unknown>>();
    for (const { name, definition } of this.#states.values())
      if (definition !== undefined) declared.set(name, definition);
    return declared;
  }

  find(name: string): CollectionState | undefined {
    return this.#states.get(name);
  }

  /** The state of a collection that may not have been heard of. */
  open(name: string): CollectionState {
    let state = this.#states.get(name);
    if (state === undefined) this.#states.set(name, (state = new CollectionState(name, this.#bodies.cache)));
    return state;
  }

  /**
   * Gives a collection its definition. If it has documents already, their index values are gathered in the background;
   * listings by index wait for it. Collections named when the directory is opened do not need that.
   *
   * @throws HoldfastError `INVALID_CONFIG` if the name is in use with a definition of another shape
   */
  attach(definition: CollectionDefinition<unknown>): CollectionState {
    const state = this.open(definition.name);
    if (state.definition === definition) return state;
    if (state.definition !== undefined) {
      if (shapeOf(state.definition) === shapeOf(definition)) return state;
      throw new HoldfastError(
        "INVALID_CONFIG",
        `The collection ${definition.name} is in use with another definition: version, indexes and order must be the same everywhere in a program.`,
        { details: { collection: definition.name } },
      );
    }
    state.definition = definition;
    if (hasKeys(definition)) {
      if (state.size === 0) state.forgetOrders();
      else this.#index(state, definition);
    }
    return state;
  }

  #index(state: CollectionState, definition: CollectionDefinition<unknown>): void {
    const indexing = this.#gatherKeys(state, definition);
    state.indexing = indexing;
    // Listings wait for it, and fail as it does. Until one comes, nobody else would be told.
    indexing.catch((error: unknown) => {
      process.emitWarning(`Holdfast can not list ${state.name}, whose documents it could not index: ${String(error)}`);
    });
  }

  async #gatherKeys(state: CollectionState, definition: CollectionDefinition<unknown>): Promise<void> {
    for (const version of [...state.recent.values()]) {
      if (version.deleted) continue;
      try {
        const read = await this.#bodies.read(state.name, version);
        // A newer version has its values from whoever wrote it.
        if (read === "replaced") continue;
        version.keys = storedKeys(definition, version, read.json);
      } catch (error) {
        // A document that can not be read is in no index; reading it says why.
        if (!(error instanceof HoldfastError)) throw error;
      }
    }
    state.forgetOrders();
    await this.#rebuild(state, definition);
    state.indexing = undefined;
  }
}

function shapeOf({ version, indexes, order }: CollectionDefinition<unknown>): string {
  return JSON.stringify([version, indexes, order]);
}
