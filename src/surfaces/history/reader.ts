import type { CollectionDefinition, ReadableCollection } from "../../collections/index.js";

/** What a store and a transaction have in common: collections that can be read. */
export interface Reader {
  collection<Body>(definition: CollectionDefinition<Body>): ReadableCollection<Body>;
}
