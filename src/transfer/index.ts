/**
 * The state as something to take along: backups, exports, and imports of them and of what the reference keeps.
 *
 * @module
 */
import { tmpdir } from "node:os";
import { dirname, resolve } from "node:path";
import type { BodyLimits } from "../collections/check-body.js";
import { HoldfastError } from "../errors.js";
import { nodeFileSystem } from "../files/node-file-system.js";
import { FileOutput, StreamOutput } from "./export-output.js";
import { exportStateDirectory, type ExportOptions, type ExportReport } from "./export-state.js";
import { fileBytes } from "./file-bytes.js";
import { importExport } from "./import-export.js";
import type { ImportOptions, ImportReport, ImportTarget } from "./import-options.js";
import { importRedis } from "./reference/import-redis.js";
import { importReplay } from "./reference/import-replay.js";
import { spoolInput } from "./spooled-input.js";

export { backUpStateDirectory, type BackupReport } from "../backup/backup.js";
export { restoreStateDirectory, type RestoreReport } from "../backup/restore.js";
export type { ExportProgress, ExportReport } from "./export-state.js";
export { fileBytes } from "./file-bytes.js";
export type { ExistingPolicy, ImportProgress, ImportReport, ImportTarget } from "./import-options.js";

export interface ExportRequest extends Pick<ExportOptions, "directory" | "collections" | "onProgress"> {
  /** Whether the bytes of files go with them. */
  readonly withFiles: boolean;
}

/** Exports into a file, which is there whole and durable, or not at all. See {@link exportStateDirectory}. */
export async function exportToFile(path: string, replace: boolean, request: ExportRequest): Promise<ExportReport> {
  const place = resolve(path);
  const output = await FileOutput.begin(nodeFileSystem, place, replace);
  // Beside the file: there is room for it, or there is none for the file either.
  return exportStateDirectory({ ...optionsOf(request), output, spoolFolder: dirname(place) });
}

/** Exports into a stream. @param abandoned aborts when the stream takes no more. */
export async function exportToStream(
  stream: NodeJS.WritableStream,
  abandoned: AbortSignal,
  request: ExportRequest,
): Promise<ExportReport> {
  const output = new StreamOutput(stream, abandoned);
  return exportStateDirectory({ ...optionsOf(request), output, spoolFolder: tmpdir() });
}

function optionsOf({ withFiles, ...request }: ExportRequest): Omit<ExportOptions, "output" | "spoolFolder"> {
  return { ...request, files: withFiles ? fileBytes : undefined };
}

/** What can be imported: our own exports, and what the reference keeps in Redis and in PostgreSQL. */
export const importKinds = ["holdfast", "redis", "postgres-replay"] as const;
export type ImportKind = (typeof importKinds)[number];

const importers = { holdfast: importExport, redis: importRedis, "postgres-replay": importReplay } as const;

export interface ImportRequest extends Omit<ImportOptions, "fileSystem" | "limits"> {
  readonly kind: ImportKind;
  readonly limits: BodyLimits;
}

/** Imports from a file. See {@link importExport}. */
export async function importFile(
  path: string,
  target: ImportTarget,
  { kind, ...options }: ImportRequest,
): Promise<ImportReport> {
  const place = resolve(path);
  if ((await nodeFileSystem.status(place))?.kind !== "file") {
    throw new HoldfastError("INVALID_CONFIG", `There is no file ${place} to import.`, { details: { path: place } });
  }
  return importers[kind](place, target, { ...options, fileSystem: nodeFileSystem });
}

/** Imports from a stream, which is kept in a temporary file first: all of it is checked before any of it is written. */
export async function importStream(
  stream: AsyncIterable<Uint8Array>,
  target: ImportTarget,
  { kind, ...options }: ImportRequest,
): Promise<ImportReport> {
  await using input = await spoolInput(nodeFileSystem, tmpdir(), stream);
  return await importers[kind](input.path, target, { ...options, fileSystem: nodeFileSystem });
}
