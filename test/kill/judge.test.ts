import { expect, test } from "vitest";
import type { Account, LoggedCommit } from "./account.js";
import { Judge } from "./judge.js";
import type { Telling } from "./telling.js";

const put = { collection: "singles", id: "a", revision: 1, digest: "0a", operation: "1.1" };
const pair = ["left", "right"].map((collection) => ({
  collection,
  id: "p",
  revision: 1,
  digest: "0b",
  operation: "1.2",
}));
const commits: LoggedCommit[] = [
  { sequence: 1, operations: [put] },
  { sequence: 2, operations: pair },
];
const upload = { event: "file", id: "file-1", step: "uploaded", sha256: "0c" } as const;
const record = { id: "record-1", state: "completed", request: "request of record-1", response: "response of record-1" };

const told: Telling[] = [
  { event: "intending", operation: "1.1", writes: [{ collection: "singles", id: "a", digest: "0a" }] },
  { event: "acknowledged", operation: "1.1", sequence: 1, revision: 1 },
  {
    event: "intending",
    operation: "1.2",
    writes: ["left", "right"].map((collection) => ({ collection, id: "p", digest: "0b" })),
  },
  { event: "acknowledged", operation: "1.2" },
  upload,
  { event: "record", id: "record-1", step: "finished" },
];

/** What the next owner accounts for, were all in order, with a change. */
function account(change: Partial<Account> = {}): Account {
  const given = change.commits ?? commits;
  const operations = given.flatMap(({ sequence, operations: all }) => all.map((each) => ({ ...each, sequence })));
  return {
    sequence: given.at(-1)?.sequence ?? 0,
    commits: given,
    documents: operations.map(({ collection, id, revision, sequence, digest }) => {
      return { collection, id, revision, sequence, digest: digest ?? "" };
    }),
    files: { "file-1": "0c" },
    records: [record],
    recordCount: 1,
    takenFrom: 0,
    takenUntil: 0,
    ...change,
  };
}

function judged(change: Partial<Account>): string[] {
  const judge = new Judge();
  judge.hear({ life: 1, heard: told, failure: undefined });
  judge.hear({ life: 2, heard: [{ event: "account", account: account(change) }], failure: undefined });
  return [
    ...judge.findings.lost.map((what) => `lost: ${what}`),
    ...judge.findings.wrong.map((what) => `wrong: ${what}`),
  ];
}

test("the judge of the kill loop finds nothing where all is in order", () => {
  expect(judged({})).toEqual([]);
});

const doctored: readonly [string, Partial<Account>, RegExp][] = [
  ["an acknowledged commit that is gone", { commits: commits.slice(0, 1) }, /^lost: the operation 1\.2/m],
  [
    "half of a transaction",
    { commits: [commits[0] as LoggedCommit, { sequence: 2, operations: pair.slice(1) }] },
    /not the operation 1\.2, whole/,
  ],
  [
    "a gap",
    { commits: [commits[0] as LoggedCommit, { sequence: 3, operations: pair }] },
    /next commit is 3 instead of 2/,
  ],
  [
    "a commit that nobody asked for",
    { commits: [...commits, { sequence: 3, operations: [{ ...put, id: "b", operation: "9.9" }] }] },
    /nobody was about to make/,
  ],
  [
    "a commit that is there twice",
    { commits: [...commits, { sequence: 3, operations: [{ ...put, revision: 2 }] }] },
    /is there twice/,
  ],
  [
    "other content",
    { documents: account().documents.map((each) => ({ ...each, digest: "ff" })) },
    /content of singles\/a is ff/,
  ],
  ["a document that is not listed", { documents: account().documents.slice(1) }, /^lost: singles\/a/],
  [
    "a document that nothing has written",
    { documents: [...account().documents, { collection: "singles", id: "z", revision: 1, sequence: 1, digest: "" }] },
    /singles\/z is there/,
  ],
  ["a file that is gone", { files: {} }, /^lost: the file file-1/],
  ["other bytes of a file", { files: { "file-1": "ff" } }, /SHA-256 of the file file-1/],
  ["a replay record that is gone", { records: [], recordCount: 0 }, /^lost: the replay record record-1/],
  [
    "a replay record that is not finished any more",
    { records: [{ ...record, state: "aborted" }] },
    /is aborted instead of completed/,
  ],
  ["a wrong count of replay records", { recordCount: 2 }, /counted commit by commit is 2/],
];

test.each(doctored)("it finds %s", (_what, change, finding) => {
  expect(judged(change).join("\n")).toMatch(finding);
});
