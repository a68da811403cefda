import { join } from "node:path";
import { blobName } from "../blobs/index.js";
import { HoldfastError } from "../errors.js";
import { entriesIfPresent } from "../files/entries-if-present.js";
import type { FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { isAbsent } from "../files/node-file-system.js";
import { shardOf } from "../files/safe-name.js";
import { isTemporaryName } from "../files/temporary-name.js";
import type { BackupDamage } from "./backup-list.js";
import type { BackupTree } from "./backup-tree.js";

/** Bytes that a document says are stored beside it. */
export interface NamedBlob {
  readonly id: string;
  readonly size: number;
  /** SHA-256, where the document knows it. */
  readonly sha256?: string | undefined;
}

/** By collection: the bytes that a document's body names, if any. The body is as stored, of whatever schema version. */
export type BlobNaming = ReadonlyMap<string, (body: unknown) => NamedBlob | undefined>;

/**
 * Copies bytes that never change under their name. They may be removed meanwhile: those are passed over here, and whether
 * one of them is missed is decided by the documents.
 *
 * @param onCopied is told the bytes of each.
 */
export async function copyAllBlobs(
  fileSystem: FileSystem,
  layout: Layout,
  tree: BackupTree,
  onCopied: (bytes: number) => void,
): Promise<void> {
  for (const shard of await entriesIfPresent(fileSystem, layout.blobs)) {
    if (shard.kind !== "directory") continue;
    for (const { name, kind } of await entriesIfPresent(fileSystem, join(layout.blobs, shard.name))) {
      // What is being uploaded has another name until it is whole.
      if (kind !== "file" || isTemporaryName(name) || shardOf(name) !== shard.name) continue;
      const copied = await copyIfThere(layout, tree, `blobs/${shard.name}/${name}`);
      if (copied) onCopied(tree.get(`blobs/${shard.name}/${name}`)?.size ?? 0);
    }
  }
}

/** Makes the tree's blobs those of a picture. @returns what is named and not there. */
export async function completeBlobs(
  fileSystem: FileSystem,
  layout: Layout,
  tree: BackupTree,
  named: readonly NamedBlob[],
): Promise<NamedBlob[]> {
  const missing: NamedBlob[] = [];
  for (const blob of named) {
    const path = blobName(blob.id);
    if (tree.get(path) === undefined && !(await copyIfThere(layout, tree, path))) missing.push(blob);
  }
  const wanted = new Set(named.map(({ id }) => blobName(id)));
  for (const { path } of tree.files) {
    // Bytes that were removed after they had been copied. Others that no document names may belong to a program's own
    // kind of document, and stay.
    const isGone =
      path.startsWith("blobs/") &&
      !wanted.has(path) &&
      (await fileSystem.status(join(layout.root, path))) === undefined;
    if (isGone) await tree.remove(path);
  }
  return missing;
}

/** Compares the copies with what the documents say of them. Damage is told, and the copy is kept as it is. */
export function damagedBlobs(tree: BackupTree, named: readonly NamedBlob[]): BackupDamage[] {
  return named.flatMap(({ id, size, sha256 }): BackupDamage[] => {
    const file = blobName(id);
    const copy = tree.get(file);
    if (copy === undefined) return [{ file, detail: `the bytes of ${JSON.stringify(id)} are missing` }];
    if (copy.size !== size) return [{ file, detail: `holds ${copy.size} bytes instead of ${size}` }];
    if (sha256 !== undefined && copy.sha256 !== sha256) return [{ file, detail: "does not match its SHA-256" }];
    return [];
  });
}

async function copyIfThere(layout: Layout, tree: BackupTree, path: string): Promise<boolean> {
  try {
    await tree.copy(path, join(layout.root, path));
    return true;
  } catch (error) {
    if (isAbsent(error) && !(error instanceof HoldfastError)) return false;
    throw error;
  }
}
