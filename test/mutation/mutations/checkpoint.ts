import type { Mutation } from "../mutation.js";

const checkpointer = "src/store/checkpointer.ts";
const explorer = "test/crash/explorer.test.ts";
const found = "test/crash/found.test.ts";

/** Bugs in moving what the journal holds into files. */
export const checkpointMutations: readonly Mutation[] = [
  {
    name: "segments-deleted-before-the-checkpoint",
    bug: "Journal segments go before the checkpoint that covers them is on the disk.",
    file: checkpointer,
    find: "      await this.#written.write({\n",
    replace: "      await this.#pruner.prune(sequence, 0);\n      await this.#written.write({\n",
    tests: [explorer],
  },
  {
    name: "checkpoint-before-the-documents",
    bug: "The checkpoint says that documents are in their files while they are still being written.",
    file: checkpointer,
    find: `        else await this.#writeDocuments(state, versions);
      }
      await this.#parts.documents.syncFolders();
      this.#parts.checkFence();
      await this.#written.write({
        format: 1,
        storeId,
        sequence,
        writtenAt: new Date(clock.now()).toISOString(),
        expiryClock: expiry.now(),
        documents: Object.fromEntries(taken.map(({ state }) => [state.name, looseAfter(state, written)])),
        packs: listPacks(this.#parts.states(), new Map(written.map(({ state, packs }) => [state, packs]))),
      });
`,
    replace: `      }
      this.#parts.checkFence();
      await this.#written.write({
        format: 1,
        storeId,
        sequence,
        writtenAt: new Date(clock.now()).toISOString(),
        expiryClock: expiry.now(),
        documents: Object.fromEntries(taken.map(({ state }) => [state.name, looseAfter(state, written)])),
        packs: listPacks(this.#parts.states(), new Map(written.map(({ state, packs }) => [state, packs]))),
      });
      for (const { state, versions } of taken)
        if (written.every((pack) => pack.state !== state)) await this.#writeDocuments(state, versions);
      await this.#parts.documents.syncFolders();
`,
    tests: [explorer],
  },
  {
    name: "folders-not-synced-before-the-checkpoint",
    bug: "The checkpoint vouches for documents whose names are not durable.",
    file: checkpointer,
    find: "      await this.#parts.documents.syncFolders();\n",
    replace: "",
    tests: [explorer],
  },
  {
    name: "removed-document-not-synced",
    bug: "A deleted document comes back, because its folder is not synced when nothing was written into it.",
    file: "src/documents/loose-documents.ts",
    find: "      await this.#fileSystem.remove(path);\n      this.#unsynced.add(dirname(path));\n",
    replace: "      await this.#fileSystem.remove(path);\n",
    tests: ["test/documents/loose-documents.test.ts", explorer],
  },
  {
    name: "failed-folder-sync-forgotten",
    bug: "A folder whose sync failed counts as synced at the next attempt.",
    file: "src/documents/loose-documents.ts",
    find: "    for (const folder of [...this.#unsynced]) {\n      try {\n",
    replace: "    for (const folder of [...this.#unsynced]) {\n      this.#unsynced.delete(folder);\n      try {\n",
    tests: ["test/documents/loose-documents.test.ts"],
  },
  {
    name: "names-of-a-dead-owner-not-synced",
    bug: "A document that a killed owner had put in place, and not synced, is taken for durable.",
    file: "src/store/load-state.ts",
    find: "    this.#options.documents.distrust(state.name, operation.id);\n",
    replace: "",
    tests: [found],
  },
  {
    name: "removed-segments-not-synced-one-by-one",
    bug: "Of segments removed together a power loss may take back the first and not the second: a gap.",
    file: "src/store/journal-pruner.ts",
    find: "      await fileSystem.syncDirectory(layout.journal);\n",
    replace: "",
    tests: [found],
  },
  {
    name: "fence-not-checked-before-documents-are-moved",
    bug: "An owner that lost the directory goes on moving its documents into files that its successor writes.",
    file: checkpointer,
    find: "        this.#assertOpen();\n        this.#parts.checkFence();\n        const version",
    replace: "        this.#assertOpen();\n        const version",
    tests: ["test/store/fenced-checkpoint.test.ts"],
  },
  {
    name: "fence-not-checked-before-the-checkpoint-file",
    bug: "An owner that lost the directory replaces its successor's checkpoint by its own.",
    file: checkpointer,
    find: "      this.#parts.checkFence();\n      await this.#written.write({\n",
    replace: "      await this.#written.write({\n",
    tests: ["test/store/fenced-checkpoint.test.ts"],
  },
  {
    name: "fence-not-checked-before-segments-are-deleted",
    bug: "An owner that lost the directory deletes segments that its successor reads.",
    file: "src/store/journal-pruner.ts",
    find: "      this.#parts.checkFence();\n      const path = join(layout.journal, name);\n",
    replace: "      const path = join(layout.journal, name);\n",
    tests: ["test/store/fenced-checkpoint.test.ts"],
  },
  {
    name: "checkpoint-beside-a-paused-owner",
    bug: "Documents are moved into files that a paused owner, when it resumes, still writes to.",
    file: checkpointer,
    find: "this.#held = parts.predecessorGone !== undefined;",
    replace: "this.#held = false;",
    tests: ["test/locking/paused-writer.test.ts"],
  },
  {
    name: "late-file-of-a-paused-owner-outlives-its-document",
    bug: "A file that a paused owner put in place when it woke up stays, and brings its deleted document back.",
    file: checkpointer,
    find: "this.#mayHaveLateFiles = this.#held;",
    replace: "this.#mayHaveLateFiles = false;",
    tests: ["test/locking/paused-writer.test.ts"],
  },
  {
    name: "failed-checkpoint-forgets-its-documents",
    bug: "What a checkpoint that failed was to move is not moved by the next one, which vouches for it all the same.",
    file: checkpointer,
    find: "for (const [id, version] of versions) if (!state.dirty.has(id)) state.dirty.set(id, version);",
    replace: "versions.size;",
    tests: ["test/store/failing-disk.test.ts"],
  },
];
