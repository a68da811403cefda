import { crc32 } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeDocument, encodeDocument, type EncodedDocument, type Envelope } from "../../src/documents/envelope.js";
import { isHoldfastError } from "../../src/errors.js";
import { befall, fuzzing, mishaps } from "./fuzzing.js";

const envelope: Envelope = {
  kind: "notes",
  schemaVersion: 1,
  id: 'note_1","checksum":"00000000","body":',
  revision: 3,
  sequence: 17,
  createdAt: "2026-03-01T12:00:00.000Z",
  createdSequence: 4,
  createdIndex: 0,
  updatedAt: "2026-03-01T12:00:05.000Z",
  expiresAt: "2026-04-01T12:00:00.000Z",
  unknown: { later: { nested: [1, null, "x"] } },
};

/** @returns `undefined` for what is refused as damaged; any other failure is one of the test. */
function decoded(bytes: Buffer): EncodedDocument | undefined {
  try {
    return decodeDocument(bytes, "a.json");
  } catch (error) {
    if (isHoldfastError(error, "CORRUPT")) return undefined;
    throw error;
  }
}

test("whatever happens to a document's file, it is read as it was written or refused as damaged", () => {
  fc.assert(
    fc.property(fc.json(), mishaps, (body, happened) => {
      const original = encodeDocument(envelope, body);
      const after = befall(original, happened);
      const read = decoded(after);
      if (!after.equals(original)) expect(read).toBeUndefined();
      else expect(read).toEqual({ envelope, body });
    }),
    fuzzing("documents", 3_000),
  );
});

/** A file that nobody but a forger would write: any members, any body, and a checksum that holds. */
function sealed(members: string, body: string): Buffer {
  const [before, behind] = [`${members.slice(0, -1)},"checksum":"`, `","body":${body}}\n`];
  const checksum = crc32(Buffer.from(behind), crc32(Buffer.from(before)));
  return Buffer.from(`${before}${checksum.toString(16).padStart(8, "0")}${behind}`);
}

test("a document with a right checksum and wrong members is refused, or has members of the right types", () => {
  const member = fc.oneof(fc.jsonValue(), fc.constantFrom(1, "notes", "2026-03-01T12:00:00.000Z"));
  const members = fc.record(
    {
      kind: member,
      schemaVersion: member,
      id: member,
      revision: member,
      sequence: member,
      createdAt: member,
      createdSequence: member,
      createdIndex: member,
      updatedAt: member,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(members, fc.jsonValue()), fc.json(), (value, body) => {
      const read = decoded(sealed(JSON.stringify(value), body));
      if (read === undefined) return;
      expect(typeof read.envelope.id).toBe("string");
      expect(typeof read.envelope.kind).toBe("string");
      expect(Number.isSafeInteger(read.envelope.revision)).toBe(true);
      expect(Number.isSafeInteger(read.envelope.sequence)).toBe(true);
    }),
    fuzzing("forged documents", 2_000),
  );
});
