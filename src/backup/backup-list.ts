import { join } from "node:path";
import { z } from "zod";
import { HoldfastError } from "../errors.js";
import type { FileSystem } from "../files/file-system.js";
import { readSealed } from "../store/manifest.js";

/** The name of the list that makes a folder a backup. It is written last: without it, a backup is not complete. */
export const backupListName = "backup.json";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const backupFileSchema = z.looseObject({
  /** Relative to the backup, with slashes. */
  path: z.string().refine(staysInside, "must lead to a place within the backup"),
  size: z.int().min(0),
  sha256,
});
export type BackupFile = z.infer<typeof backupFileSchema>;

/** Something that was damaged in the directory when it was backed up, and is therefore not in the backup. */
export const backupDamageSchema = z.looseObject({ file: z.string(), detail: z.string() });
export type BackupDamage = z.infer<typeof backupDamageSchema>;

/** `backup.json`: what a backup holds, and of which moment. Sealed like the manifest. */
export const backupListSchema = z.looseObject({
  format: z.literal(1),
  kind: z.literal("holdfast-backup"),
  storeId: z.string(),
  /** Everything up to this commit is in the backup, and nothing later. */
  sequence: z.int().min(0),
  startedAt: z.string(),
  finishedAt: z.string(),
  createdBy: z.string(),
  /** Where it was taken from: for people. */
  source: z.looseObject({ directory: z.string(), host: z.string() }),
  /** How many documents of each collection, expired ones that had not been removed yet included. */
  documents: z.record(z.string(), z.int()),
  /** How many blobs. */
  blobs: z.int().min(0),
  damage: z.array(backupDamageSchema),
  /** Every file of the backup but this one. */
  files: z.array(backupFileSchema),
});
export type BackupList = z.infer<typeof backupListSchema>;

/** A list without its files. */
export type BackupSummary = Pick<
  BackupList,
  "storeId" | "sequence" | "startedAt" | "finishedAt" | "createdBy" | "source" | "documents" | "blobs" | "damage"
>;

/**
 * Reads the list of a backup.
 *
 * @throws HoldfastError `CORRUPT` if the folder has no list, or one that can not be trusted; `INVALID_CONFIG` if there is
 * no such folder; `UNSUPPORTED_FORMAT` if a newer version wrote it.
 */
export async function readBackupList(fileSystem: FileSystem, directory: string): Promise<BackupList> {
  const path = join(directory, backupListName);
  const read = await readSealed(fileSystem, path, backupListSchema);
  if (read.state === "present") return read.content;
  if (read.state === "damaged") {
    throw new HoldfastError("CORRUPT", `The backup ${directory} can not be trusted. ${read.error.message}`, {
      cause: read.error,
      details: { directory, files: [backupListName] },
    });
  }
  if ((await fileSystem.status(directory))?.kind !== "directory") {
    throw new HoldfastError("INVALID_CONFIG", `There is no backup ${directory}: it is not a folder.`, {
      details: { directory },
    });
  }
  throw new HoldfastError(
    "CORRUPT",
    `${directory} is not a complete backup: it has no ${backupListName}, which is written last. Take another backup.`,
    { details: { directory, files: [backupListName] } },
  );
}

/** A list that was tampered with must not make a restore write, or read, elsewhere. */
function staysInside(path: string): boolean {
  const parts = path.split("/");
  return !path.includes("\\") && !path.includes("\0") && parts.every((part) => !["", ".", ".."].includes(part));
}
