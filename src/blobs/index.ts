/**
 * Bytes beside the documents, in a state directory.
 *
 * @module
 */
export { DirectoryBlobs, type BlobOwner, type DirectoryBlobsOptions } from "./directory-blobs.js";
