import type { Mutation } from "../mutation.js";

const storageError = "src/files/storage-error.ts";
const refusing = "test/faults/refusing-system.test.ts";
const badDirectory = "test/store/bad-directory.test.ts";
const uploads = "test/blobs/failing-writes.test.ts";
const backups = "test/backup/backup.test.ts";

/** Bugs of what is done when the system refuses: a full disk, no descriptors, no permission, no watches. */
export const systemFaultMutations: readonly Mutation[] = [
  {
    name: "journal-failure-told-by-the-systems-reason",
    bug: "Whoever waited for a write whose outcome is open is told of a read-only mount, or a wrong configuration.",
    file: storageError,
    find: `return new HoldfastError("STORAGE_FAILED", message,`,
    replace: `return new HoldfastError(codes[systemCode ?? ""] ?? "STORAGE_FAILED", message,`,
    tests: [refusing],
  },
  {
    name: "full-disk-told-as-a-failing-disk",
    bug: "A full disk is told as a disk that failed, and writers do not wait for space.",
    file: storageError,
    find: `  ENOSPC: "STORAGE_FULL",\n`,
    replace: "",
    tests: [uploads],
  },
  {
    name: "read-only-mount-told-as-a-failing-disk",
    bug: "Whoever opens a directory that is mounted read-only is sent to look for a broken disk.",
    file: storageError,
    find: `  EROFS: "READ_ONLY",\n`,
    replace: "",
    tests: [badDirectory],
  },
  {
    name: "lost-permission-told-as-a-failing-disk",
    bug: "Whoever may not write to a directory is sent to look for a broken disk.",
    file: storageError,
    find: `  EACCES: "INVALID_CONFIG",\n`,
    replace: "",
    tests: [badDirectory],
  },
  {
    name: "full-disk-keeps-a-directory-from-being-opened",
    bug: "On a full disk a directory can not be opened, and so nothing in it be read or deleted.",
    file: "src/journal/journal-writer.ts",
    find: "      if (!isFullDisk(error)) {\n        await writer.close();\n        throw error;\n      }\n",
    replace: "      await writer.close();\n      throw error;\n",
    tests: ["test/store/full-disk.test.ts"],
  },
  {
    name: "failed-sync-of-the-next-segment-ignored",
    bug: "A segment is used though its sync failed.",
    file: "src/journal/segment-supply.ts",
    find: "      await file.sync();\n",
    replace: "      await file.sync().catch(() => undefined);\n",
    tests: ["test/journal/journal-writer.test.ts"],
  },
  {
    name: "failed-checkpoint-counts-as-done",
    bug: "A checkpoint that the system refused counts as written, and the journal that it stands for may go.",
    file: "src/store/checkpointer.ts",
    find: `      throw storageError(error, "write a checkpoint", layout.checkpoint);\n`,
    replace: "",
    tests: [refusing],
  },
  {
    name: "failed-upload-left-behind",
    bug: "What a failed upload has written stays on the disk.",
    file: "src/blobs/directory-blobs.ts",
    find: "      await alsoTried(error, () => staged.discard());\n",
    replace: "",
    tests: [uploads],
  },
  {
    name: "folder-that-was-refused-counts-as-made",
    bug: "A folder that the system once refused to make is never made, and every later upload into it fails.",
    file: "src/blobs/durable-folders.ts",
    find: "      this.forget(path);\n      throw storageError",
    replace: "      throw storageError",
    tests: [refusing],
  },
  {
    name: "failed-backup-left-behind",
    bug: "What a failed backup has copied stays on the disk.",
    file: "src/backup/backup.ts",
    find: "      await discard(tree);\n",
    replace: "",
    tests: [backups],
  },
  {
    name: "failed-sync-in-a-backup-ignored",
    bug: "A backup counts as taken though a sync of one of its files failed.",
    file: "src/backup/backup-tree.ts",
    find: "await file.sync();",
    replace: "await file.sync().catch(() => undefined);",
    tests: [backups],
  },
  {
    name: "failed-report-not-written-again",
    bug: "A report that a full disk refused is not written when there is space again.",
    file: "src/surfaces/startup/startup.ts",
    find: "if (this.#behind || !(await this.#file.touch()))",
    replace: "if (!(await this.#file.touch()))",
    tests: ["test/surfaces/startup.test.ts"],
  },
  {
    name: "unreadable-document-passed-over-at-opening",
    bug: "A document that can not be read when a directory is opened is taken for one that is not there.",
    file: "src/documents/loose-documents.ts",
    find: "      if (isAbsent(error)) return;\n      throw error;\n",
    replace: "      return;\n",
    tests: ["test/store/failing-disk.test.ts"],
  },
  {
    name: "outage-told-as-an-absence",
    bug: "Whoever reads a document for which there is no descriptor is told that there is no such document.",
    file: "src/store/bodies.ts",
    find: `throw storageError(error, "read a document", this.#documents.pathOf(collection, version.id));`,
    replace: `throw new HoldfastError("NOT_FOUND", "There is no such document.");`,
    tests: [refusing],
  },
  {
    name: "reader-looks-only-when-hinted",
    bug: "A reader whom the system refuses a watch sees nothing any more.",
    file: "src/store/reader.ts",
    find: "      this.#lookInBackground();\n    }, pollMs)",
    replace: "    }, pollMs)",
    tests: ["test/faults/watch-limit.test.ts"],
  },
  {
    name: "refused-watch-told-at-each-look",
    bug: "A sidecar whom the system refuses a watch says so several times a second.",
    file: "src/watch/folder-hints.ts",
    find: "    if (this.#failed) return;\n",
    replace: "",
    tests: ["test/watch/sidecar.test.ts"],
  },
];
