import type { Mutation } from "../mutation.js";

const maker = "src/packs/thread/threaded-pack-maker.ts";
const thread = "test/packs/pack-thread.test.ts";

/** Bugs of the thread that makes packs, and of what becomes of its failures. */
export const packThreadMutations: readonly Mutation[] = [
  {
    name: "pack-thread-forgets-what-the-system-said",
    bug: "What the system refused the thread is not known here for what it is: a full disk looks like any failure.",
    file: "src/packs/thread/sent-error.ts",
    find: `if (typeof value === "string" || typeof value === "number") system[name] = value;`,
    replace: `if (typeof value === "number") system[name] = value;`,
    tests: [thread],
  },
  {
    name: "damage-found-by-the-pack-thread-stays-there",
    bug: "A damaged index that the thread finds is not known to the pack that is open here, and never made anew.",
    file: maker,
    find: `if (!(error instanceof LostThread) && !isHoldfastError(error, "CORRUPT")) throw error;`,
    replace: `if (!(error instanceof LostThread || isHoldfastError(error, "TIMEOUT"))) throw error;`,
    tests: [thread],
  },
  {
    name: "lost-pack-thread-takes-the-pack-with-it",
    bug: "A pack that the thread was making when it was lost is not made at all.",
    file: maker,
    find: "      if (!(error instanceof LostThread)) throw error;\n      await this.#local.write(plan, content, onProgress);\n",
    replace: "      if (!(error instanceof LostThread)) throw error;\n",
    tests: [thread],
  },
  {
    name: "pack-thread-goes-on-unwanted",
    bug: "The thread finishes a merge that its caller wants no more, as when the directory was lost.",
    file: "src/packs/thread/main.ts",
    find: `    if (this.#isStopped) throw new Error("stopped");\n`,
    replace: "",
    tests: [thread],
  },
  {
    name: "last-documents-stay-behind",
    bug: "A pack is taken for whole when a batch of its documents is full, whatever comes behind.",
    file: "src/packs/thread/thread-job.ts",
    find: "packBatch(documents, this.#documents === undefined, this.#memory)",
    replace: "packBatch(documents, documents.length === batchDocuments, this.#memory)",
    tests: [thread],
  },
  {
    name: "bodies-overwritten-before-they-are-read",
    bug: "The memory that a batch travels in is used for the next one before the thread has read it.",
    file: "src/packs/thread/thread-job.ts",
    find: '      this.#tell({ kind: "documents", job: this.#number, batch });\n',
    replace:
      '      this.#tell({ kind: "documents", job: this.#number, batch });\n      this.#memory.give(batch.bodies);\n',
    tests: [thread],
  },
];
