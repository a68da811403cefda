/**
 * Bytes beside the documents, in a state directory.
 *
 * @module
 */
export { blobsForReading } from "./blobs-for-reading.js";
export { DirectoryBlobs, type BlobOwner, type DirectoryBlobsOptions } from "./directory-blobs.js";
