import type { Mutation } from "../mutation.js";

const reading = "src/journal/read-journal.ts";
const readingTests = "test/journal/read-journal.test.ts";

/** Bugs in telling what was acknowledged from what was not. */
export const journalReadingMutations: readonly Mutation[] = [
  {
    name: "line-checksum-not-tested",
    bug: "A line of the journal is believed whatever its checksum says.",
    file: "src/journal/record.ts",
    find: "if (!checksumHolds(bytes, start, end)) return undefined;",
    replace: "if (end - start < linePrefixLength) return undefined;",
    tests: ["test/journal/record.test.ts", "test/journal/scan-segment.test.ts"],
  },
  {
    name: "every-unreadable-tail-is-torn",
    bug: "Damage to acknowledged commits at the end of the journal passes for a torn tail, and is cut without a word.",
    file: reading,
    find: "return inLastSegment && missing && !acknowledged && region.start > 0;",
    replace: "return inLastSegment && region.start > 0;",
    tests: [readingTests],
  },
  {
    name: "no-unreadable-tail-is-torn",
    bug: "What a crash cut off in the middle of an unacknowledged write is reported as damage and loss.",
    file: reading,
    find: "return inLastSegment && missing && !acknowledged && region.start > 0;",
    replace: "return inLastSegment && missing && acknowledged && region.start < 0;",
    tests: ["test/journal/torn-tail.test.ts"],
  },
  {
    name: "seal-not-respected",
    bug: "What an owner wrote after it had lost the directory is read as if it had been acknowledged.",
    file: "src/journal/segment-bytes.ts",
    find: "Buffer.alloc(Math.min(size, sealed ?? size))",
    replace: "Buffer.alloc(size)",
    tests: ["test/journal/sealed-segment.test.ts"],
  },
  {
    name: "stray-segment-read",
    bug: "A segment of an owner that had lost the directory is read as a part of the journal.",
    file: reading,
    find: "if (expected !== undefined && segment.name !== expected && segments.some(({ name }) => name === expected)) {",
    replace: "if (expected === segment.name && expected !== segment.name) {",
    tests: [readingTests],
  },
  {
    name: "foreign-segment-read",
    bug: "A segment of another state directory is read as a part of this one.",
    file: reading,
    find: "if (header.storeId !== storeId) return",
    replace: "if (header.storeId === undefined) return",
    tests: [readingTests],
  },
  {
    name: "lost-numbers-not-told",
    bug: "Numbers that were acknowledged and can not be read are passed over.",
    file: reading,
    find: "    this.lost.push(range);\n",
    replace: "",
    tests: [readingTests],
  },
  {
    name: "lost-numbers-given-out-again",
    bug: "The numbers of lost commits are free again, and followers miss what is written under them.",
    file: reading,
    find: "      detail: `the commits ${range.first} to ${range.last} are missing`,\n    });\n    this.lastSequence = sequence;\n",
    replace: "      detail: `the commits ${range.first} to ${range.last} are missing`,\n    });\n",
    tests: [readingTests, "test/journal/damaged-journal.test.ts"],
  },
  {
    name: "follower-runs-ahead-of-the-watermark",
    bug: "A reader in another process is shown commits that may still vanish.",
    file: "src/journal/follow-journal.ts",
    find: "      if (commit.sequence > this.#watermark) break;\n",
    replace: "",
    tests: ["test/journal/follow-journal.test.ts"],
  },
  {
    name: "follower-passes-over-a-gap",
    bug: "A follower goes on behind a segment that was deleted before it was read, and says nothing.",
    file: "src/journal/follow-journal.ts",
    find: 'if (!names.includes(current)) return "gap";',
    replace: "if (!names.includes(current)) this.#segment = names[0];",
    tests: ["test/journal/follow-journal.test.ts"],
  },
];
