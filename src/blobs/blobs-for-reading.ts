import type { BlobStore } from "../collections/index.js";
import { Layout } from "../files/layout.js";
import { nodeFileSystem } from "../files/node-file-system.js";
import { DirectoryBlobs } from "./directory-blobs.js";

/** The bytes of a state directory that is not ours, to be looked at beside its owner or without one. */
export function blobsForReading(directory: string): BlobStore {
  return new DirectoryBlobs({ fileSystem: nodeFileSystem, layout: new Layout(directory) });
}
