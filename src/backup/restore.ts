import { join, resolve } from "node:path";
import { HoldfastError, type Problem } from "../errors.js";
import type { FileSystem } from "../files/file-system.js";
import { hashOfFile } from "../files/hash-of-file.js";
import { isAbsent } from "../files/node-file-system.js";
import { storageError } from "../files/storage-error.js";
import type { BackupProgress } from "./backup.js";
import {
  backupListName,
  readBackupList,
  type BackupDamage,
  type BackupFile,
  type BackupList,
  type BackupSummary,
} from "./backup-list.js";
import { BackupTree } from "./backup-tree.js";
import { checkFileSystem } from "../store/network-file-system.js";
import { systemEnvironment, type OpenEnvironment } from "../store/open-options.js";
import { openOwner } from "../store/open-owner.js";
import { parseStoreOptions, type StoreOptionsInput } from "../store/options.js";
import type { RecoveryReport } from "../store/recovery-report.js";
import { verifyStateDirectory, type VerifyReport } from "../store/verify.js";

export interface RestoreOptions {
  /** The folder of the backup. It is only read. */
  readonly from: string;
  /** Where the state directory is to be; a new or empty folder. */
  readonly directory: string;
  readonly settings?: StoreOptionsInput;
  readonly onProgress?: (progress: BackupProgress) => void;
  /** The disk and the time, for tests. */
  readonly environment?: Partial<Pick<OpenEnvironment, "fileSystem" | "clock">>;
}

export interface RestoreReport {
  readonly directory: string;
  readonly backup: BackupSummary;
  readonly fileCount: number;
  readonly bytes: number;
  /** What opening the restored directory found. */
  readonly recovery: RecoveryReport;
  readonly verification: VerifyReport;
}

/** What makes a folder a state directory: see `adopt-directory.ts`. In this order, behind everything else. */
const marks = [/^journal\//, /^epochs\//, /^manifest\.json$/];
const mostProblems = 1_000;

/**
 * Makes a state directory of a backup. Every file of the backup is checked first, against its size and hash; then copied,
 * checked again on the way, and synced; then the new directory is opened once, left in order, and verified.
 *
 * What makes the folder a state directory is written last, when all the rest is durable: nothing opens a folder that a
 * crash left half restored.
 *
 * @throws HoldfastError `CORRUPT` if the backup is not complete or damaged, with every bad file in `problems`;
 * `INVALID_CONFIG` if there is no backup, or the target is not empty; `STORAGE_FULL`, `STORAGE_FAILED`, after which what
 * was copied is removed; `UNSUPPORTED_FORMAT`
 */
export async function restoreStateDirectory(options: RestoreOptions): Promise<RestoreReport> {
  const { onProgress } = options;
  const environment: OpenEnvironment = {
    ...systemEnvironment,
    ...options.environment,
    collections: [],
    onProgress: ({ done, total }) =>
      onProgress?.({ stage: "opening", done, ...(total === undefined ? {} : { total }) }),
  };
  const { fileSystem } = environment;
  const from = resolve(options.from);
  const root = resolve(options.directory);
  const settings = parseStoreOptions(options.settings ?? {});
  try {
    const list = await readBackupList(fileSystem, from);
    await checkFiles(fileSystem, from, list.files, onProgress);
    const tree = await BackupTree.begin(fileSystem, root, "A backup");
    try {
      await checkFileSystem(fileSystem, root, settings.networkFileSystem);
      await copyFiles(fileSystem, from, tree, list.files, onProgress);
    } catch (error) {
      await discard(tree);
      throw error;
    }
    const store = await openOwner({ directory: root, create: false, settings, environment, observer: silent });
    await store.close();
    const verification = await verifyStateDirectory(root, {
      fileSystem,
      onProgress: ({ done, total }) =>
        onProgress?.({ stage: "verifying", done, ...(total === undefined ? {} : { total }) }),
    });
    assertSame(list, root, store.recovery, verification);
    const { files, ...backup }: BackupSummary & Pick<BackupList, "files"> = list;
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    return { directory: root, backup, fileCount: files.length, bytes, recovery: store.recovery, verification };
  } catch (error) {
    throw storageError(error, "restore the backup", root);
  }
}

/** The directory is opened to see that it can be, not to serve: no startup status tells of it. */
const silent = {
  owned: () => Promise.resolve(),
  reconcile: () => Promise.resolve({ reconciled: [], warnings: [] }),
  recovered: () => Promise.resolve(),
  failed: () => Promise.resolve(),
};

/** @throws HoldfastError `CORRUPT`, naming every file that is not as the list says */
async function checkFiles(
  fileSystem: FileSystem,
  from: string,
  files: readonly BackupFile[],
  onProgress: RestoreOptions["onProgress"],
): Promise<void> {
  const damage: BackupDamage[] = [];
  for (const [done, file] of files.entries()) {
    const detail = await flawOf(fileSystem, join(from, file.path), file);
    if (detail !== undefined) damage.push({ file: file.path, detail });
    onProgress?.({ stage: "checking", done: done + 1, total: files.length });
  }
  if (damage.length > 0) throw damaged(from, damage);
}

async function flawOf(fileSystem: FileSystem, path: string, expected: BackupFile): Promise<string | undefined> {
  const status = await fileSystem.status(path);
  if (status === undefined) return "the file is missing";
  if (status.kind !== "file") return "is not a regular file";
  if (status.size !== expected.size) return `has ${status.size} bytes instead of ${expected.size}`;
  try {
    const hash = await hashOfFile(fileSystem, path);
    return hash === expected.sha256 ? undefined : "does not match its SHA-256";
  } catch (error) {
    if (isAbsent(error)) return "the file is missing";
    throw error;
  }
}

async function copyFiles(
  fileSystem: FileSystem,
  from: string,
  tree: BackupTree,
  files: readonly BackupFile[],
  onProgress: RestoreOptions["onProgress"],
): Promise<void> {
  // A list names files only: where there are no documents, this one would be missing.
  await tree.makeFolder("collections");
  let done = 0;
  const copy = async (file: BackupFile): Promise<void> => {
    const copied = await tree.copy(file.path, join(from, file.path));
    // It was whole when it was checked: it has changed since, or the disk reads it differently now.
    if (copied.sha256 !== file.sha256) {
      throw damaged(from, [{ file: file.path, detail: "changed while it was being restored" }]);
    }
    done += 1;
    onProgress?.({ stage: "copying", done, total: files.length });
  };
  for (const file of files) if (!marks.some((mark) => mark.test(file.path))) await copy(file);
  await tree.syncFolders();
  for (const mark of marks) {
    for (const file of files) if (mark.test(file.path)) await copy(file);
  }
  await tree.syncFolders();
  await fileSystem.syncDirectory(tree.root);
}

function damaged(from: string, damage: readonly BackupDamage[]): HoldfastError {
  const problems = damage.slice(0, mostProblems).map(({ file, detail }): Problem => ({ path: file, message: detail }));
  return HoldfastError.ofProblems(
    "CORRUPT",
    `The backup ${from} is damaged (${damage.length} of its files); nothing was restored. Use another backup.`,
    problems,
    { details: { directory: from, files: damage.map(({ file }) => file) } },
  );
}

/** What stands there now must be what was backed up. Should it not be, the directory is left for whoever looks into it. */
function assertSame(list: BackupList, root: string, recovery: RecoveryReport, verification: VerifyReport): void {
  const documents = Object.values(list.documents).reduce((sum, count) => sum + count, 0);
  const isSame =
    verification.ok &&
    recovery.outcome !== "degraded" &&
    recovery.lastSequence === list.sequence &&
    recovery.documents === documents &&
    recovery.storeId === list.storeId;
  if (isSame) return;
  throw new HoldfastError(
    "CORRUPT",
    `${root} was restored, but is not what ${backupListName} says: ${recovery.documents} of ${documents} documents, up to commit ${recovery.lastSequence} of ${list.sequence}. Do not use it; run \`holdfast verify\` on it.`,
    { details: { directory: root, findings: verification.findings } },
  );
}

/** As after a failed backup: nothing opens what is left, and the failure is what matters. */
async function discard(tree: BackupTree): Promise<void> {
  try {
    await tree.discard();
  } catch (error) {
    process.emitWarning(`Holdfast could not remove the unfinished ${tree.root}: ${String(error)}`);
  }
}
