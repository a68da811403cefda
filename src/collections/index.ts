/**
 * The contract of a collection, apart from any engine.
 *
 * @module
 */
export type { BlobInfo, BlobStore, ByteRange, StoredBlob, WriteBlobOptions } from "./blobs.js";
export type { Change, ChangeOperation } from "./change.js";
export type {
  Collection,
  ListOptions,
  OrderPosition,
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
  type OrderDefinition,
  type Retention,
} from "./definition.js";
export type { Document, DocumentHead } from "./document.js";
export { reconciliationSchema, type Maintained, type Reconciled, type Reconciliation } from "./reconciliation.js";
export type { Store, Transaction } from "./store.js";
