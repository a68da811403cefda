import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCommitHead } from "../../src/journal/commit-head.js";
import { bodyJson, decodeCommit } from "../../src/journal/decode-commit.js";
import type { CommitRecord, PutOperation } from "../../src/journal/record.js";
import { commit, lines } from "../support/journal-folder.js";

/** What is read as the bodies of a line's operations. */
function bodiesOf(json: string): string[] {
  const record = JSON.parse(json) as CommitRecord;
  return record.operations.map((operation) => bodyJson(operation as PutOperation, record, json));
}

const put = { put: "notes", id: "a", revision: 1, schemaVersion: 1 };

describe("the body of an operation", () => {
  test("is the text that the line has, which no parsing has touched", () => {
    const json = `{"sequence":1,"operations":[{"put":"notes","id":"a","body":{"b": 1.50,"a":"\\u0041"}}]}`;
    expect(bodiesOf(json)).toEqual([`{"b": 1.50,"a":"\\u0041"}`]);
  });

  test.each([
    ["an id that looks like a body", { operations: [{ ...put, id: `,"body":{}}]}`, body: { text: "x" } }] }],
    ["a body within the body", { operations: [{ ...put, body: { text: `,"body":1}]}`, body: [{ body: 2 }] } }] }],
    [
      "several operations",
      {
        operations: [
          { ...put, body: { one: 1 } },
          { ...put, id: "b", body: { two: [{}] } },
        ],
      },
    ],
    ["unknown members of the document", { operations: [{ ...put, unknown: { a: 1, body: 2 }, body: { text: "x" } }] }],
    ["members to come, before the body", { operations: [{ ...put, later: { a: 1, body: 2 }, body: { text: "x" } }] }],
    ["members to come, behind the body", { operations: [{ ...put, body: { text: "x" }, later: { a: 1 } }] }],
    ["members to come, behind the operations", { operations: [{ ...put, body: 7 }], later: [{ a: { b: 1 } }] }],
    ["a body that is no object", { operations: [{ ...put, body: null }] }],
  ])("is the right one beside %s", (_, record) => {
    const json = JSON.stringify({ sequence: 1, ...record });
    expect(bodiesOf(json)).toEqual(record.operations.map(({ body }) => JSON.stringify(body)));
  });

  test("is the right one, whatever the commit", () => {
    const members = fc.record({ id: fc.string(), body: fc.jsonValue() }, { noNullPrototype: true });
    const later = fc.option(fc.dictionary(fc.constantFrom("body", "later", "put"), fc.jsonValue()), { nil: undefined });
    fc.assert(
      fc.property(fc.array(members, { minLength: 1, maxLength: 2 }), later, later, (operations, before, behind) => {
        const record = {
          sequence: 1,
          operations: operations.map(({ id, body }) => ({ put: "notes", id, ...before, body, ...behind })),
          ...(behind === undefined ? {} : { behind }),
        };
        const parsed = JSON.parse(JSON.stringify(record)) as CommitRecord;
        expect(bodiesOf(JSON.stringify(record))).toEqual(
          parsed.operations.map((operation) => JSON.stringify((operation as PutOperation).body)),
        );
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("the head of a commit", () => {
  test("says what the whole line says", () => {
    for (const value of [commit(1), commit(123_456_789_012, 7), { ...commit(3), later: 1 }]) {
      const line = lines(value);
      const { sequence, durable } = decodeCommit(line, 0, line.length - 1)?.commit as CommitRecord;
      expect(readCommitHead(line, 0, line.length - 1)).toEqual({ sequence, durable });
    }
  });

  test("is not read from a line that begins otherwise: that one is read as a whole", () => {
    const { sequence, time, durable, operations } = commit(1);
    for (const value of [
      { durable: 5 },
      { later: 1, ...commit(1) },
      { sequence, time, durable, later: 1, operations },
      { sequence, durable, operations },
    ]) {
      const line = lines(value);
      expect(readCommitHead(line, 0, line.length - 1)).toBeUndefined();
    }
  });
});
