import { join } from "node:path";
import { z } from "zod";
import { entriesIfPresent } from "../files/entries-if-present.js";
import type { FileSystem } from "../files/file-system.js";
import { Layout } from "../files/layout.js";
import { nodeFileSystem } from "../files/node-file-system.js";
import { storageError } from "../files/storage-error.js";

const sizeSchema = z.object({ files: z.int(), bytes: z.int() });

/** How much a state takes, and how much room is left. Counts and sizes only. */
export const storageReportSchema = z.object({
  /** By name, those included that have no documents now. */
  collections: z.record(
    z.string(),
    sizeSchema.extend({
      documents: z.int().describe("Expired ones that have not been swept included."),
      bytes: z.int().describe("What checkpoints have written; newer versions are in the journal."),
      packs: sizeSchema.describe(
        "What of it is packs of many documents, two files each; the rest is a file a document.",
      ),
    }),
  ),
  journal: sizeSchema.describe("Space set aside for the next writes included."),
  blobs: sizeSchema.describe("Bytes of uploaded files."),
  quarantine: sizeSchema.describe("What could not be trusted. Nothing is ever deleted from it by itself."),
  other: sizeSchema.describe("Status, lock, reserve and what belongs to nothing above."),
  total: sizeSchema,
  disk: z.object({ freeBytes: z.int(), totalBytes: z.int() }).describe("The disk it lies on."),
});
export type StorageReport = z.infer<typeof storageReportSchema>;
type Size = z.infer<typeof sizeSchema>;

/**
 * Measures a state directory file by file, without holding anything up: it looks at one after the other, and what comes
 * and goes meanwhile may be counted or not.
 *
 * @param documents by collection, as `StoreMetrics` has them.
 * @throws HoldfastError `STORAGE_FAILED`, `READ_ONLY` …, as any reading of a disk
 */
export async function measureStorage(
  directory: string,
  documents: Readonly<Record<string, number>>,
  fileSystem: FileSystem = nodeFileSystem,
): Promise<StorageReport> {
  const layout = new Layout(directory);
  try {
    const total = await sizeOf(fileSystem, layout.root);
    const parts = {
      journal: await sizeOf(fileSystem, layout.journal),
      blobs: await sizeOf(fileSystem, layout.blobs),
      quarantine: await sizeOf(fileSystem, layout.quarantine),
    };
    const collections: StorageReport["collections"] = {};
    for (const name of Object.keys(documents).sort()) {
      const size = await sizeOf(fileSystem, join(layout.collections, name));
      const packs = await sizeOf(fileSystem, layout.packs(name));
      collections[name] = { ...size, documents: documents[name] ?? 0, packs };
    }
    const known = [...Object.values(parts), ...Object.values(collections)];
    return {
      collections,
      ...parts,
      other: {
        // What went between two looks would otherwise count below nothing.
        files: Math.max(
          0,
          known.reduce((rest, { files }) => rest - files, total.files),
        ),
        bytes: Math.max(
          0,
          known.reduce((rest, { bytes }) => rest - bytes, total.bytes),
        ),
      },
      total,
      disk: await fileSystem.space(layout.root),
    };
  } catch (error) {
    throw storageError(error, "measure the state directory", layout.root);
  }
}

async function sizeOf(fileSystem: FileSystem, folder: string): Promise<Size> {
  const size = { files: 0, bytes: 0 };
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const { name, kind } of await entriesIfPresent(fileSystem, next)) {
      const path = join(next, name);
      if (kind === "directory") folders.push(path);
      if (kind !== "file") continue;
      const status = await fileSystem.status(path);
      if (status === undefined) continue;
      size.files += 1;
      size.bytes += status.size;
    }
  }
  return size;
}
