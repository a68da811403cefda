import type { Mutation } from "../mutation.js";

const replaceFile = "src/files/replace-file.ts";
const explorer = "test/crash/explorer.test.ts";
const faults = "test/faults/faulty-file-system.test.ts";
const durability = "test/files/durable-calls.test.ts";

/** Bugs of the calls that make bytes and names durable. */
export const fileMutations: readonly Mutation[] = [
  {
    name: "file-sync-left-out",
    bug: "A replaced file gets its name before its bytes are on the disk.",
    file: replaceFile,
    find: "      await file.sync();\n",
    replace: "",
    tests: [durability, explorer],
  },
  {
    name: "failed-sync-ignored",
    bug: "A replaced file gets its name though its sync failed.",
    file: replaceFile,
    find: "await file.sync();",
    replace: "await file.sync().catch(() => undefined);",
    tests: [durability, faults],
  },
  {
    name: "failed-sync-retried",
    bug: "A sync that failed is called again, and its second answer believed.",
    file: replaceFile,
    find: "await file.sync();",
    replace: "await file.sync().catch(() => file.sync());",
    tests: [durability, faults],
  },
  {
    name: "size-check-left-out",
    bug: "A file that lost its end on the way to the disk takes the place of the old one.",
    file: replaceFile,
    find: "if (size !== bytes.length) throw",
    replace: "if (size < 0) throw",
    tests: [durability, faults],
  },
  {
    name: "directory-sync-left-out",
    bug: "A replaced file is acknowledged before its name is durable.",
    file: replaceFile,
    find: "  await replaceFile(fileSystem, path, bytes);\n  await fileSystem.syncDirectory(dirname(path));\n",
    replace: "  await replaceFile(fileSystem, path, bytes);\n",
    tests: [faults, explorer],
  },
  {
    name: "claim-name-not-synced",
    bug: "A claim is acted on before its name is durable.",
    file: replaceFile,
    find: "  if (created) await fileSystem.syncDirectory(dirname(path));\n",
    replace: "",
    tests: [durability, explorer],
  },
  {
    name: "new-folder-not-synced",
    bug: "Files are put into a folder whose own name is not durable.",
    file: "src/files/make-directories.ts",
    find: "  await fileSystem.syncDirectory(parent);\n",
    replace: "",
    tests: [explorer],
  },
  {
    name: "write-through-is-none",
    bug: "The journal's file is opened as any other, and a write returns when the system has it in memory.",
    file: "src/files/node-file-system.ts",
    find: '"write-through": writesThrough ? O_WRONLY | O_DSYNC : O_WRONLY,',
    replace: '"write-through": O_WRONLY,',
    tests: [durability],
  },
  {
    name: "short-write-ignored",
    bug: "A write that took only a part is taken for a whole one.",
    file: "src/files/file-system.ts",
    find: "    written += count;\n",
    replace: "    written = bytes.length;\n",
    tests: ["test/journal/journal-writer.test.ts", faults],
  },
  {
    name: "blob-bytes-not-synced",
    bug: "Uploaded bytes get their name before they are on the disk.",
    file: "src/blobs/staged-file.ts",
    find: "      await this.#file.sync();\n",
    replace: "",
    tests: ["test/blobs/failing-writes.test.ts", explorer],
  },
  {
    name: "blob-name-not-synced",
    bug: "Uploaded bytes are acknowledged before their name is durable.",
    file: "src/blobs/directory-blobs.ts",
    find: "      await this.#fileSystem.syncDirectory(folder);\n      checkFence();\n",
    replace: "      checkFence();\n",
    tests: ["test/blobs/failing-writes.test.ts", explorer],
  },
  {
    name: "blob-named-without-a-look-at-the-fence",
    bug: "An owner that lost the directory goes on naming bytes in it.",
    file: "src/blobs/directory-blobs.ts",
    find: "    await this.#folders.make(folder);\n    checkFence();\n",
    replace: "    await this.#folders.make(folder);\n",
    tests: ["test/blobs/failing-writes.test.ts"],
  },
];
