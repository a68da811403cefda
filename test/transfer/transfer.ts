import { readFile } from "node:fs/promises";
import { builtInCollections } from "../../src/built-in-surfaces.js";
import type { BlobStore, CollectionDefinition } from "../../src/collections/index.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import type { StateDirectory } from "../../src/open-state-directory.js";
import type { BlobNaming } from "../../src/backup/backup-blobs.js";
import { FileOutput } from "../../src/transfer/export-output.js";
import { exportStateDirectory, type ExportReport } from "../../src/transfer/export-state.js";
import type { ImportOptions, ImportTarget } from "../../src/transfer/import-options.js";
import { notes } from "../support/notes.js";
import type { TemporaryFolder } from "../support/temporary-folder.js";

export interface ExportedTo extends ExportReport {
  readonly path: string;
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}

/** Exports a directory into a file of the folder, and reads it as any program would. */
export async function exportTo(
  folder: TemporaryFolder,
  directory: string,
  options: { readonly collections?: string[]; readonly files?: BlobNaming; readonly name?: string } = {},
): Promise<ExportedTo> {
  const path = folder.at(options.name ?? "export.jsonl");
  const report = await exportStateDirectory({
    directory,
    output: await FileOutput.begin(nodeFileSystem, path, false),
    spoolFolder: folder.path,
    collections: options.collections,
    files: options.files,
  });
  return { ...report, path, lines: await linesIn(path) };
}

export async function linesIn(path: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(path, "utf8");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** An open directory as an import sees it. */
export function targetOf(state: StateDirectory, blobs?: BlobStore): ImportTarget {
  const known = [...builtInCollections, notes as CollectionDefinition<unknown>];
  return {
    store: state,
    definitions: new Map(known.map((definition) => [definition.name, definition])),
    blobs,
    now: Date.now,
  };
}

export function importing(options: Partial<ImportOptions> = {}): ImportOptions {
  return {
    existing: "refuse",
    dryRun: false,
    limits: { documentBytes: 16 * 1024 * 1024, depth: 100 },
    fileSystem: nodeFileSystem,
    ...options,
  };
}
