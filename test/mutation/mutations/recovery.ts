import type { Mutation } from "../mutation.js";

const load = "src/store/load-state.ts";
const owner = "src/store/open-owner.ts";
const disk = "test/store/disk.test.ts";

/** Bugs in what is made of a directory when it is opened. */
export const recoveryMutations: readonly Mutation[] = [
  {
    name: "document-checksum-not-tested",
    bug: "A document is believed whatever its checksum says.",
    file: "src/documents/envelope.ts",
    find: "if (at < 0 || readChecksum(bytes, at) !== checksumOf(bytes, at)) {",
    replace: "if (at < 0) {",
    tests: ["test/documents/envelope.test.ts"],
  },
  {
    name: "sealed-checksum-not-tested",
    bug: "Manifest, checkpoint and claims are believed whatever their checksums say.",
    file: "src/files/sealed-json.ts",
    find: "if (!isSealed(bytes)) {",
    replace: "if (digitsAt(bytes) < 0) {",
    tests: ["test/fuzz/sealed-files.test.ts", disk],
  },
  {
    name: "document-believed-in-any-place",
    bug: "A whole document that was copied over another is taken for that one.",
    file: "src/documents/loose-documents.ts",
    find: "if (kind === collection && documentFileName(id) === basename(path)) return document;",
    replace: "if (kind.length + id.length > 0 && basename(path) !== collection) return document;",
    tests: ["test/documents/loose-documents.test.ts"],
  },
  {
    name: "transaction-replayed-in-halves",
    bug: "Of a transaction only the first half comes back from the journal.",
    file: load,
    find: "for (const operation of commit.operations) {",
    replace: "for (const operation of commit.operations.slice(0, Math.ceil(commit.operations.length / 2))) {",
    tests: ["test/store/replayed-transaction.test.ts"],
  },
  {
    name: "older-commit-replayed-over-a-newer-document",
    bug: "A commit from the journal undoes what a checkpoint that was cut short had already moved.",
    file: load,
    find: "      if (state.supersedes(version)) return;\n",
    replace: "",
    tests: ["test/store/cut-short-checkpoint.test.ts"],
  },
  {
    name: "deletion-hides-what-its-own-commit-made-anew",
    bug: "A document that expired and was written anew is gone after a kill: the deletion has the same number.",
    file: "src/store/collection-state.ts",
    find: " || (recent.sequence === version.sequence && !recent.deleted);",
    replace: " || recent.sequence === version.sequence;",
    tests: ["test/store/expired-then-anew.test.ts"],
  },
  {
    name: "checkpoint-of-another-directory-believed",
    bug: "A checkpoint that was copied from elsewhere hides commits.",
    file: load,
    find: "storeId === undefined || checkpoint.content.storeId === storeId)",
    replace: "storeId === undefined || checkpoint.content.storeId !== undefined)",
    tests: [disk],
  },
  {
    name: "missing-documents-not-counted",
    bug: "A document whose file is gone is forgotten without a word.",
    file: load,
    find: "      if (lacking > 0) missing.set(name, lacking);\n",
    replace: "",
    tests: [disk],
  },
  {
    name: "predecessor-not-sealed",
    bug: "The next owner's journal does not say how far its predecessor's counted.",
    file: owner,
    find: "      previous: loaded.journal.previous,\n",
    replace: "      previous: null,\n",
    tests: ["test/store/sealed-predecessor.test.ts"],
  },
  {
    name: "predecessor-appended-to",
    bug: "The next owner writes into its predecessor's segment, where a paused predecessor writes too.",
    file: "src/journal/start-segment.ts",
    find: "  const header: SegmentHeader = {\n    format: journalFormat,\n",
    replace: `  if (previous !== null && previous === options.previous) {
    const file = await options.fileSystem.open(join(options.directory, previous.segment), "write-through");
    return { name: previous.segment, file, size: options.firstSegmentBytes, position: previous.length };
  }
  const header: SegmentHeader = {
    format: journalFormat,
`,
    tests: [disk],
  },
  {
    name: "read-bytes-not-made-durable",
    bug: "What a killed owner left in the system's memory counts as durable.",
    file: "src/store/predecessor-journal.ts",
    find: "    await file.sync();\n",
    replace: "",
    tests: ["test/store/recovered-is-durable.test.ts"],
  },
  {
    name: "epochs-counted-anew",
    bug: "When the claims were lost, epochs begin at 1 again, and new segments stand before those they follow.",
    file: owner,
    find: "      leastEpoch: await newestEpochInJournal(fileSystem, layout),\n",
    replace: "",
    tests: ["test/store/lost-claims.test.ts"],
  },
  {
    name: "expiry-follows-a-clock-that-jumps",
    bug: "A wall clock that is set a year ahead deletes what people stored.",
    file: "src/store/expiry-clock.ts",
    find: "this.#time = wall <= steady ? steady : Math.min(wall, this.#time + passed * catchUpPace);",
    replace: "this.#time = wall + 0 * (steady + catchUpPace);",
    tests: ["test/store/expiry.test.ts"],
  },
];
