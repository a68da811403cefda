/**
 * The contract of a collection, apart from any engine.
 *
 * @module
 */
export type { Change, ChangeOperation } from "./change.js";
export type {
  Collection,
  ListOptions,
  Page,
  ReadableCollection,
  RevisionOptions,
  TransactionCollection,
  WatchOptions,
  WriteOptions,
} from "./collection.js";
export {
  defineCollection,
  type CollectionDefinition,
  type CollectionOptions,
  type IndexDefinition,
  type IndexValue,
  type Migration,
  type Retention,
} from "./definition.js";
export type { Document, DocumentHead } from "./document.js";
export type { Store, Transaction } from "./store.js";
