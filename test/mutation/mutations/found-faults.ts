import type { Mutation } from "../mutation.js";

const readJournal = "src/journal/read-journal.ts";
const journalTests = "test/journal/read-journal.test.ts";

/** Bugs of what is done about what an opening finds: damaged, foreign and doubled files, wrong clocks, dead owners. */
export const foundFaultMutations: readonly Mutation[] = [
  {
    name: "identity-made-anew-with-the-manifest",
    bug: "A directory whose manifest was lost gets a new identity, to which its own journal is foreign.",
    file: "src/store/open-owner.ts",
    find: "identity.storeId ?? loaded.journal.storeId ?? randomUUID()",
    replace: "identity.storeId ?? randomUUID()",
    tests: ["test/faults/any-file.test.ts"],
  },
  {
    name: "emptied-segment-passed-over",
    bug: "A segment that lost all its content is taken for one that never had any.",
    file: readJournal,
    find: `    if (contentEnd === 0) this.#damage(segment, 0, bytes.subarray(0, 0), "the file is empty", next === undefined);\n`,
    replace: "",
    tests: [journalTests],
  },
  {
    name: "copied-segment-read",
    bug: "A copy of a segment under another name is read as a part of the journal.",
    file: readJournal,
    find: "if (header.epoch !== epoch || header.first !== first)",
    replace: "if (header.epoch < 0)",
    tests: [journalTests],
  },
  {
    name: "uncovered-commits-not-replayed",
    bug: "What a killed owner acknowledged last, and no watermark covers yet, is not taken over.",
    file: readJournal,
    find: "if (commit === undefined || commit.sequence > lastHere) break;",
    replace:
      "if (commit === undefined || commit.sequence > lastHere || (next === undefined && commit.sequence > watermark)) break;",
    tests: ["test/kill/kill-loop.test.ts"],
  },
  {
    name: "foreign-directory-adopted",
    bug: "Somebody's folder is made a state directory, and swept.",
    file: "src/store/adopt-directory.ts",
    find: "  if (unknown.length > 0) {",
    replace: "  if (unknown.length < 0) {",
    tests: ["test/store/bad-directory.test.ts"],
  },
  {
    name: "temporary-files-left-lying",
    bug: "What a crash left half written beside the journal stays for ever.",
    file: "src/store/open-owner.ts",
    find: "if (isTemporaryName(name)) found.push(join(folder, name));",
    replace: "if (isTemporaryName(folder)) found.push(join(folder, name));",
    tests: ["test/store/disk.test.ts"],
  },
  {
    name: "expiry-follows-a-clock-set-forward",
    bug: "A wall clock that is set a year ahead in a running process deletes what people stored.",
    file: "src/store/expiry-clock.ts",
    find: "wall <= steady ? steady : Math.min(wall, this.#time + passed * catchUpPace)",
    replace: "Math.max(wall, steady)",
    tests: ["test/store/expiry.test.ts"],
  },
  {
    name: "pid-namespace-not-looked-at",
    bug: "The pid of a holder in another container is looked for among the processes of this one.",
    file: "src/locking/process-identity.ts",
    find: "identity.pidNamespace !== own.pidNamespace || ",
    replace: "",
    tests: ["test/locking/damaged-lock.test.ts"],
  },
  {
    name: "moved-directory-written-on",
    bug: "A writer whose directory was replaced by another goes on acknowledging what nobody will find.",
    file: "src/locking/claim.ts",
    find: "fileSystem.identityNow(own) === made",
    replace: "fileSystem.existsNow(own)",
    tests: ["test/faults/moved-directory.test.ts"],
  },
];
