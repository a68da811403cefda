import { join } from "node:path";
import { checkId } from "../collections/check-id.js";
import { HoldfastError } from "../errors.js";
import type { Layout } from "../files/layout.js";
import { idOfSafeName, safeName, shardOf } from "../files/safe-name.js";

const shardPattern = /^[0-9a-f]{2}$/;

/** Where bytes that are still arriving lie; no shard has this name. */
export function stagingFolder(layout: Layout): string {
  return join(layout.blobs, "staged");
}

/**
 * @returns `blobs/<xx>/<name>`, relative to the state directory.
 * @throws HoldfastError `INVALID_ID` also for an id that a file name can not tell whole: the name is all there is to find
 * the id by.
 */
export function blobName(id: string): string {
  checkId(id);
  const name = safeName(id);
  if (idOfSafeName(name) !== id) {
    throw HoldfastError.ofProblems("INVALID_ID", "The id can not name bytes.", [
      {
        path: "/id",
        message: "is too long for the name of a file; 180 characters of a-z, 0-9, -, _ and . are allowed",
      },
    ]);
  }
  return `blobs/${shardOf(name)}/${name}`;
}

/** The file of the bytes, absolute. @throws HoldfastError `INVALID_ID` */
export function blobPath(layout: Layout, id: string): string {
  return join(layout.root, blobName(id));
}

export function isShard(name: string): boolean {
  return shardPattern.test(name);
}

/** @returns the id of a file in a shard; `undefined` for one that is no blob's, or lies in another's shard. */
export function idOfBlob(shard: string, name: string): string | undefined {
  const id = idOfSafeName(name);
  return id !== undefined && safeName(id) === name && shardOf(name) === shard ? id : undefined;
}
