/** Vector stores, the files attached to them, and file batches. @module */
export {
  attachmentsCollection,
  attachmentSchema,
  attachmentStatuses,
  vectorStoreFileSchema,
  type Attachment,
  type AttachmentStatus,
  type VectorStoreFile,
} from "./attachment-document.js";
export { attributesSchema, type Attributes } from "./attributes.js";
export { batchesCollection } from "./batch-document.js";
export type { FileBatches } from "./file-batches.js";
export type { AttachableFile, FileDirectory } from "./file-directory.js";
export { batchRequestSchema, fileToAttachSchema } from "./file-to-attach.js";
export { IngestionFailure, type Ingester, type Ingestion } from "./ingester.js";
export { intentsCollection } from "./intent-document.js";
export { MemoryVectorBackend } from "./memory-vector-backend.js";
export { settlementSchema } from "./settle-attachment.js";
export type { SearchRequest, SearchResult, VectorBackend } from "./vector-backend.js";
export { vectorStoresCollection, type StoredVectorStore } from "./vector-store-document.js";
export { createVectorStoreSchema, updateVectorStoreSchema } from "./vector-store-request.js";
export { VectorStores, type VectorStorePage, type VectorStoresOptions } from "./vector-stores.js";
export {
  visibleBatchSchema,
  type AttachmentPage,
  type AttachmentPageOptions,
  type VisibleBatch,
} from "./visible-batch.js";
export { visibleVectorStoreSchema, type VisibleVectorStore } from "./visible-vector-store.js";
