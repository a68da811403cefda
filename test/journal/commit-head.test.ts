import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CommitHeads, type CommitHead } from "../../src/journal/commit-head.js";
import { decodeCommit } from "../../src/journal/decode-commit.js";
import { PutCommit } from "../../src/journal/put-commit.js";
import { commitJson, encodeLine, lineBound, type CommitRecord } from "../../src/journal/record.js";
import { commit, lines } from "../support/journal-folder.js";

/** The line of a JSON text, in the middle of a segment. */
function lineOf(json: string): { readonly bytes: Buffer; readonly start: number; readonly end: number } {
  const start = 7;
  const bytes = Buffer.alloc(start + lineBound(json) + 10, "}}");
  return { bytes, start, end: encodeLine(bytes, start, json) - 1 };
}

function headOf(json: string): CommitHead | undefined {
  const { bytes, start, end } = lineOf(json);
  return new CommitHeads(bytes).read(start, end);
}

/** The commit as the whole line says it. */
function wholeOf(json: string): CommitRecord | undefined {
  const { bytes, start, end } = lineOf(json);
  return decodeCommit(bytes, start, end);
}

/** What was read of a put, as the record that the whole line says. */
function recordOf(read: PutCommit): CommitRecord {
  const { sequence, time, durable, collection, body, expiresAt } = read;
  const { id, revision, schemaVersion, createdAt, createdSequence, createdIndex } = read;
  const expiry = expiresAt === undefined ? {} : { expiresAt };
  const head = { put: collection, id, revision, schemaVersion, createdAt, createdSequence, createdIndex };
  return {
    sequence,
    time,
    durable,
    operations: [{ ...head, ...expiry, body: JSON.parse(String(body)) as unknown }],
  };
}

const time = "2026-03-01T12:00:00.000Z";
const put = {
  put: "notes",
  id: "a",
  revision: 1,
  schemaVersion: 1,
  createdAt: time,
  createdSequence: 1,
  createdIndex: 0,
};
const start = { sequence: 1, time, durable: 0 };

describe("a commit that puts one document", () => {
  test("leaves its body as the text that the line has", () => {
    const body = `{"b": 1.50,"a":"\\u0041\\"}}","c":[{},[]]}`;
    const read = headOf(commitJson(1, time, 0, `${JSON.stringify(put).slice(0, -1)},"body":${body}}`, 1));
    expect(read).toMatchObject({ sequence: 1, durable: 0, id: "a" });
    expect(String((read as PutCommit).body)).toBe(body);
  });

  test("says the same as the whole line does, whatever it holds", () => {
    const counts = fc.oneof(fc.nat(9), fc.nat(), fc.integer({ min: 0, max: 10 ** 15 - 1 }));
    const times = fc.oneof(
      fc.constant(time),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    );
    const texts = fc.oneof(fc.stringMatching(/^[a-z_]{1,40}$/), fc.string({ unit: "grapheme" }), fc.string());
    const written = fc.record({
      sequence: counts,
      time: times,
      durable: counts,
      collection: texts,
      id: texts,
      revision: counts,
      schemaVersion: counts,
      createdAt: times,
      createdSequence: counts,
      createdIndex: counts,
      expiresAt: fc.option(times, { nil: undefined }),
      isNew: fc.boolean(),
      body: fc.jsonValue(),
    });
    let found = 0;
    fc.assert(
      fc.property(fc.array(written, { minLength: 1, maxLength: 4 }), (commits) => {
        const jsons = commits.map(({ sequence, time, durable, collection, isNew, body, expiresAt, ...put }) => {
          const created = isNew ? { createdAt: time, createdSequence: sequence } : {};
          const operation = { put: collection, ...put, ...created, ...(expiresAt === undefined ? {} : { expiresAt }) };
          const { id, revision, schemaVersion, createdAt, createdSequence, createdIndex } = operation;
          const ordered = { put: collection, id, revision, schemaVersion, createdAt, createdSequence, createdIndex };
          const whole = { ...ordered, ...(expiresAt === undefined ? {} : { expiresAt }), body };
          return commitJson(sequence, time, durable, JSON.stringify(whole), 1);
        });
        // One after the other, because some members are kept from one line to the next.
        const bytes = lines(...jsons.map((json) => JSON.parse(json) as object));
        const heads = new CommitHeads(bytes);
        let from = 0;
        for (const json of jsons) {
          const end = bytes.indexOf(0x0a, from);
          const read = heads.read(from, end);
          const whole = decodeCommit(bytes, from, end);
          if (read instanceof PutCommit) {
            found += 1;
            expect(recordOf(read)).toEqual(whole);
          } else if (read !== undefined) {
            expect(read).toEqual({ sequence: whole?.sequence, durable: whole?.durable });
          }
          expect(whole).toEqual(wholeOf(json));
          from = end + 1;
        }
      }),
      { numRuns: 1_000 },
    );
    expect(found).toBeGreaterThan(500);
  });

  test.each([
    ["that creates", {}],
    ["that replaces", { revision: 3, createdAt: "2025-01-01T00:00:00.000Z", createdSequence: 17 }],
    ["with an expiry", { expiresAt: "2027-01-01T00:00:00.000Z" }],
    ["with an id beyond ASCII", { id: "Ünï 🚀" }],
  ])("is read so: one %s", (_, members) => {
    const { ...ordered } = { ...put, ...members, body: { text: "x" } };
    const json = commitJson(1, time, 0, JSON.stringify(ordered), 1);
    const read = headOf(json);
    expect(read).toBeInstanceOf(PutCommit);
    expect(recordOf(read as PutCommit)).toEqual(wholeOf(json));
  });
});

describe("what is not exactly that is read as a whole", () => {
  test.each([
    [
      "several operations",
      {
        operations: [
          { ...put, body: { one: 1 } },
          { ...put, id: "b", body: {} },
        ],
      },
    ],
    ["a list of one operation", { operations: [{ ...put, body: { one: 1 } }] }],
    ["a deletion", { operation: { delete: "notes", id: "b", revision: 2 } }],
    ["no operation", { operations: [] }],
    ["unknown members of the document", { operation: { ...put, unknown: { body: {} }, body: { text: "x" } } }],
    ["members to come, before the body", { operation: { ...put, later: 1, body: { text: "x" } } }],
    ["members to come, before the operation's", { operation: { later: 1, ...put, body: { text: "x" } } }],
    ["members in another order", { operation: { id: "a", put: "notes", revision: 1, body: {} } }],
    ["an id with something escaped", { operation: { ...put, id: '","revision":9', body: {} } }],
    ["an id that is too long for the head", { operation: { ...put, id: "x".repeat(500), body: {} } }],
    ["a number that is none", { operation: { ...put, revision: 1.5, body: {} } }],
    ["a number below zero", { operation: { ...put, revision: -1, body: {} } }],
    ["a number that is too long", { operation: { ...put, revision: 1e15, body: {} } }],
    ["no body", { operation: put }],
  ])("%s", (_, members) => {
    const json = JSON.stringify({ ...start, ...members });
    expect(headOf(json)).toEqual({ sequence: 1, durable: 0 });
    expect(wholeOf(json)).toMatchObject({ sequence: 1, durable: 0 });
  });

  test("a line that begins otherwise", () => {
    const { sequence, time, durable, operations } = commit(1);
    for (const value of [
      { durable: 5 },
      { later: 1, ...commit(1) },
      { sequence, time, durable, later: 1, operations },
      { sequence, durable, operations },
      { sequence, time, durable, operationsLater: [] },
    ])
      expect(headOf(JSON.stringify(value))).toBeUndefined();
  });

  test("digits that are no number in JSON", () => {
    expect(headOf(`{"sequence":01,"time":"${time}","durable":0,"operations":[]}`)).toBeUndefined();
  });

  test("a line that ends otherwise, or within the head", () => {
    const json = commitJson(1, time, 0, JSON.stringify({ ...put, body: { text: "x" } }), 1);
    expect(headOf(json)).toBeInstanceOf(PutCommit);
    expect(headOf(json.slice(0, -1))).toBeInstanceOf(PutCommit);
    for (const cut of [json.slice(0, -2), `${json} `, json.slice(0, json.indexOf('{"text"')), `${json.slice(0, -1)}]`])
      expect(headOf(cut)).toEqual({ sequence: 1, durable: 0 });
  });
});

test("what follows the body of one operation is never taken for a body: that is no JSON", () => {
  const operation = JSON.stringify({ ...put, body: { text: "x" } });
  for (const json of [
    commitJson(1, time, 0, `${operation.slice(0, -1)},"later":{}}`, 1),
    commitJson(1, time, 0, `${operation},"later":{"a":{}}`, 1),
    commitJson(1, time, 0, `${operation},{"delete":"notes","id":"b","revision":2}`, 1),
  ]) {
    const read = headOf(json) as PutCommit;
    expect(read).toBeInstanceOf(PutCommit);
    expect(() => JSON.parse(String(read.body)) as unknown).toThrow(SyntaxError);
  }
});
