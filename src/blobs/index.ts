/**
 * Bytes beside the documents, in a state directory.
 *
 * @module
 */
export { blobName } from "./blob-name.js";
export { DirectoryBlobs, type BlobOwner, type DirectoryBlobsOptions } from "./directory-blobs.js";
