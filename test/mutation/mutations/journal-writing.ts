import type { Mutation } from "../mutation.js";

const writer = "src/journal/journal-writer.ts";
const writerTests = "test/journal/journal-writer.test.ts";
const explorer = "test/crash/explorer.test.ts";

/** Bugs between a write that is asked for and its acknowledgment. */
export const journalWritingMutations: readonly Mutation[] = [
  {
    name: "acknowledged-before-the-write",
    bug: "A commit is acknowledged when it is handed to the disk, not when the disk has it.",
    file: writer,
    find: "    await this.#write(segment, batch.bytes);\n    // Preparing",
    replace:
      "    this.#listener.durable(batch.lastSequence);\n    await this.#write(segment, batch.bytes);\n    // Preparing",
    tests: [writerTests],
  },
  {
    name: "fence-not-checked-after-the-write",
    bug: "An owner that lost the directory during a write acknowledges it, and its successor does not have it.",
    file: writer,
    find: "    this.#options.checkFence();\n    this.batches += 1;\n",
    replace: "    this.batches += 1;\n",
    tests: [writerTests],
  },
  {
    name: "written-on-after-a-failure",
    bug: "After a failed write the journal takes the next one, behind bytes of which nobody knows what they are.",
    file: writer,
    find: "    this.#failure = this.#fencing() ?? error;\n    this.#queue = [];\n    clearTimeout(this.#watermarkTimer);\n    clearInterval(this.#fullRetryTimer);\n    this.#listener.failed(this.#failure);\n",
    replace: "    this.#queue = [];\n    this.#listener.failed(this.#fencing() ?? error);\n",
    tests: [writerTests, "test/store/failing-disk.test.ts"],
  },
  {
    name: "store-writes-on-after-a-failure",
    bug: "A store whose disk failed lets a later success undo its condition, and says that it can be written.",
    file: "src/store/condition.ts",
    find: '    if (isFinal && condition.state !== "closed") return;\n',
    replace: "    if (isFinal && condition === this.#condition) return;\n",
    tests: ["test/store/condition.test.ts"],
  },
  {
    name: "segment-name-not-synced",
    bug: "Commits go into a segment whose name a power loss takes back.",
    file: "src/journal/start-segment.ts",
    find: "    await options.fileSystem.syncDirectory(options.directory);\n",
    replace: "",
    tests: [explorer],
  },
  {
    name: "segment-opened-without-write-through",
    bug: "A write to the journal returns before it is on the disk.",
    file: "src/journal/start-segment.ts",
    find: 'const file = await options.fileSystem.open(prepared.path, "write-through");',
    replace: 'const file = await options.fileSystem.open(prepared.path, "truncate");',
    tests: [explorer],
  },
  {
    name: "segment-header-behind-its-name",
    bug: "A segment has its name before its header is in it.",
    file: "src/journal/start-segment.ts",
    find: "    await writeFully(file, buffer.subarray(0, length), 0);\n    await options.fileSystem.rename(prepared.path, path);\n    await options.fileSystem.syncDirectory(options.directory);\n",
    replace:
      "    await options.fileSystem.rename(prepared.path, path);\n    await options.fileSystem.syncDirectory(options.directory);\n    await writeFully(file, buffer.subarray(0, length), 0);\n",
    tests: [explorer],
  },
  {
    name: "watermark-vouches-for-its-own-batch",
    bug: "A line calls itself durable while it is being written: half a batch counts as acknowledged and damaged.",
    file: writer,
    find: "commitJson(entry.sequence, entry.time, this.#durable, entry.operations, entry.count)",
    replace: "commitJson(entry.sequence, entry.time, entry.sequence, entry.operations, entry.count)",
    tests: ["test/journal/torn-tail.test.ts", writerTests],
  },
  {
    name: "deletion-reserve-ignored",
    bug: "On a full disk ordinary writes use up what was kept for deletions, and nothing can make room any more.",
    file: writer,
    find: "const reserve = deletesOnly || this.#supply.isReady ? 0 : this.#options.reserveBytes;",
    replace: "const reserve = 0;",
    tests: [writerTests],
  },
  {
    name: "no-room-for-the-watermark",
    bug: "A batch that fills its segment has no watermark until the next one comes: readers do not see it.",
    file: writer,
    find: "this.#segment.position - watermarkBytes - reserve;",
    replace: "this.#segment.position - reserve;",
    tests: [writerTests],
  },
  {
    name: "full-disk-keeps-half-a-queue",
    bug: "On a full disk what is refused stays queued, and is written later although its caller was told that it failed.",
    file: writer,
    find: "    this.#queue = [];\n    this.#becomeFull(error);\n",
    replace: "    this.#becomeFull(error);\n",
    tests: [writerTests],
  },
  {
    name: "sequence-number-given-out-twice",
    bug: "Commits on their way share the number of the next one.",
    file: "src/store/committer.ts",
    find: "const sequence = this.#lastTaken + 1;",
    replace: "const sequence = this.lastSequence + 1;",
    tests: ["test/store/collections.test.ts"],
  },
  {
    name: "unacknowledged-version-shown",
    bug: "A read returns what is written and may still fail.",
    file: "src/store/stored-collection.ts",
    find: "living(this.#engine, this.#state.find(id))",
    replace: "living(this.#engine, this.#state.newest(id))",
    tests: ["test/store/unacknowledged.test.ts"],
  },
  {
    name: "rejected-version-built-upon",
    bug: "After a refused write the next update builds on what was refused.",
    file: "src/store/committer.ts",
    find: "for (const { collection, version } of commit.steps) collection.pending.delete(version.id);",
    replace: "commit.steps.at(0);",
    tests: ["test/store/refused-writes.test.ts"],
  },
  {
    name: "encoded-body-taken-from-the-wrong-place",
    bug: "Where a body stands among the journal's bytes is counted in characters, also where those take several bytes.",
    file: "src/store/committer.ts",
    find: "const isAscii = encoded.length === operations.length;",
    replace: "const isAscii = encoded.length > 0;",
    tests: ["test/store/bodies-in-memory.test.ts"],
  },
];
