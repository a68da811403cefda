import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCommitHead } from "../../src/journal/commit-head.js";
import { decodeCommit, outlineCommit } from "../../src/journal/decode-commit.js";
import { encodeLine, lineBound, type CommitRecord, type PutOperation } from "../../src/journal/record.js";
import { commit, lines } from "../support/journal-folder.js";

/** The line that holds `json`, and its end. */
function lineOf(json: string): { readonly bytes: Buffer; readonly end: number } {
  const bytes = Buffer.alloc(lineBound(json) + 10, "}]}");
  return { bytes, end: encodeLine(bytes, 0, json) - 1 };
}

/** The body as it stands in the line; `undefined` if the line has to be read as a whole. */
function bodyIn(json: string): string | undefined {
  const { bytes, end } = lineOf(json);
  const outlined = outlineCommit(bytes, 0, end);
  return outlined?.body.bytes.toString("utf8", outlined.body.start, outlined.body.end);
}

const put = { put: "notes", id: "a", revision: 1, schemaVersion: 1 };
const start = { sequence: 1, time: "2026-03-01T12:00:00.000Z", durable: 0 };

describe("the body of a commit's only operation", () => {
  test("is the text that the line has, which no parsing has touched", () => {
    const body = `{"b": 1.50,"a":"\\u0041\\"}]}","c":[{},[]]}`;
    const json = `{"sequence":1,"durable":0,"operations":[{"put":"notes","id":"a","body":${body}}]}`;
    expect(bodyIn(json)).toBe(body);
    const { bytes, end } = lineOf(json);
    expect(outlineCommit(bytes, 0, end)?.commit).toEqual({
      sequence: 1,
      durable: 0,
      operations: [{ put: "notes", id: "a" }],
    });
  });

  test.each([
    ["an id that looks like a body", { operations: [{ ...put, id: `,"body":{}}]}`, body: { text: "x" } }] }],
    ["a body within the body", { operations: [{ ...put, body: { text: `,"body":1}]}`, body: [{ body: 2 }] } }] }],
    ["a list", { operations: [{ ...put, body: ["}", "]", "\\", '"'] }] }],
    ["no members", { operations: [{ ...put, body: {} }] }],
  ])("is found: %s", (_, record) => {
    expect(bodyIn(JSON.stringify({ ...start, ...record }))).toBe(JSON.stringify(record.operations[0]?.body));
  });

  test.each([
    [
      "several operations",
      {
        operations: [
          { ...put, body: { one: 1 } },
          { ...put, id: "b", body: { two: [{}] } },
        ],
      },
    ],
    [
      "a deletion behind it",
      {
        operations: [
          { ...put, body: { one: 1 } },
          { delete: "notes", id: "b", revision: 2 },
        ],
      },
    ],
    ["unknown members of the document", { operations: [{ ...put, unknown: { a: 1, body: {} }, body: { text: "x" } }] }],
    ["members to come, before the body", { operations: [{ ...put, later: { a: 1, body: {} }, body: { text: "x" } }] }],
    ["members to come, behind the body", { operations: [{ ...put, body: { text: "x" }, later: { a: 1 } }] }],
    ["members to come, behind the operations", { operations: [{ ...put, body: {} }], later: [{ a: { b: 1 } }] }],
    ["members to come, before the operations", { later: [{ a: 1, body: {} }], operations: [{ ...put, body: {} }] }],
    ["a body that is a text", { operations: [{ ...put, body: "{}" }] }],
    ["a body that is nothing", { operations: [{ ...put, body: null }] }],
    ["a deletion", { operations: [{ delete: "notes", id: "b", revision: 2 }] }],
    ["no operation", { operations: [] }],
  ])("is not looked for beside what could be mistaken for it: %s", (_, record) => {
    expect(bodyIn(JSON.stringify({ ...start, ...record }))).toBeUndefined();
  });

  test("is the right one or none, whatever the commit", () => {
    const bodies = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()), fc.jsonValue());
    const members = fc.record({ id: fc.string(), body: bodies }, { noNullPrototype: true });
    const later = fc.option(fc.dictionary(fc.constantFrom("body", "later", "put"), fc.jsonValue()), {
      nil: undefined,
      freq: 2,
    });
    let found = 0;
    fc.assert(
      fc.property(fc.array(members, { minLength: 1, maxLength: 2 }), later, later, (operations, before, behind) => {
        const json = JSON.stringify({
          ...start,
          operations: operations.map(({ id, body }) => ({ put: "notes", id, ...before, body, ...behind })),
          ...(behind === undefined ? {} : { behind }),
        });
        const body = bodyIn(json);
        if (body === undefined) return;
        found += 1;
        const [only, ...others] = (JSON.parse(json) as CommitRecord).operations;
        expect(others).toEqual([]);
        expect(body).toBe(JSON.stringify((only as PutOperation).body));
      }),
      { numRuns: 2_000 },
    );
    expect(found).toBeGreaterThan(0);
  });
});

describe("the head of a commit", () => {
  test("says what the whole line says", () => {
    for (const value of [commit(1), commit(123_456_789_012, 7), { ...commit(3), later: 1 }]) {
      const line = lines(value);
      const { sequence, durable } = decodeCommit(line, 0, line.length - 1) as CommitRecord;
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
