import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeDocument, encodeDocument, type Envelope } from "../../src/documents/envelope.js";
import { isHoldfastError } from "../../src/errors.js";
import { thrownBy } from "../support/rejection.js";

const envelope: Envelope = {
  kind: "notes",
  schemaVersion: 2,
  id: 'Über/\u0000"quoted"',
  revision: 3,
  sequence: 41,
  createdAt: "2026-03-01T12:00:00.000Z",
  createdSequence: 7,
  createdIndex: 0,
  updatedAt: "2026-03-01T12:00:01.000Z",
  expiresAt: "2026-04-01T12:00:00.000Z",
};
const body = '{"text":"a \\"body\\": with ,\\"checksum\\":\\"00000000\\",\\"body\\": in it","n":1}';
const path = "collections/notes/documents/00/x.json";

describe("a document's file", () => {
  test("comes back as it went in, the body to the byte", () => {
    expect(decodeDocument(encodeDocument(envelope, body), path)).toEqual({ envelope, body });
  });

  test("is one JSON object a person can read, its body last", () => {
    const text = encodeDocument(envelope, body).toString();
    expect(text.endsWith("}\n")).toBe(true);
    const parsed = JSON.parse(text) as Record<string, unknown>;
    expect(parsed).toMatchObject({ ...envelope, body: JSON.parse(body) as unknown });
    expect(Object.keys(parsed).slice(-2)).toEqual(["checksum", "body"]);
  });

  test("keeps the order and the spelling of its body: it is stored, not printed anew", () => {
    const odd = '{"z":1,"a":1e2,"unicode":"\\u00e9","nested":{"b":[ 1,2 ],"a":null}}';
    expect(decodeDocument(encodeDocument(envelope, odd), path).body).toBe(odd);
  });

  test("keeps members that this version does not know", () => {
    const unknown = { tenant: "a", labels: { b: [1, 2] }, body2: '","body":' };
    const decoded = decodeDocument(encodeDocument({ ...envelope, unknown }, body), path);
    expect(decoded).toEqual({ envelope: { ...envelope, unknown }, body });
    expect(JSON.parse(encodeDocument(decoded.envelope, decoded.body).toString())).toMatchObject(unknown);
  });

  test("round-trips whatever JSON it is given", () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.string({ minLength: 1 }),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (value, id, more) => {
          const unknown = Object.fromEntries(Object.entries(more).map(([name, member]) => [`x_${name}`, member]));
          const whole = {
            ...envelope,
            id: id.toWellFormed(),
            ...(Object.keys(unknown).length === 0 ? {} : { unknown }),
          };
          const json = JSON.stringify(value);
          const decoded = decodeDocument(encodeDocument(whole, json), path);
          expect(decoded.body).toBe(json);
          expect(JSON.stringify(decoded.envelope)).toBe(JSON.stringify(whole));
        },
      ),
    );
  });
});

describe("damage to it", () => {
  test("of any single byte, to any value tried, is noticed", () => {
    const bytes = encodeDocument({ ...envelope, unknown: { tenant: "a" } }, body);
    for (let offset = 0; offset < bytes.length; offset += 1) {
      for (const mask of [0x01, 0x02, 0x20, 0x80, 0xff, bytes.readUInt8(offset)]) {
        if (mask === 0) continue;
        const changed = Buffer.from(bytes);
        changed[offset] = bytes.readUInt8(offset) ^ mask;
        expect(thrownBy(() => decodeDocument(changed, path))).toMatchObject({ code: "CORRUPT", details: { path } });
      }
    }
  });

  test("that cuts it, anywhere, is noticed", () => {
    const bytes = encodeDocument(envelope, body);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(thrownBy(() => decodeDocument(bytes.subarray(0, length), path)).code).toBe("CORRUPT");
    }
  });

  test("that adds to it is noticed", () => {
    const bytes = encodeDocument(envelope, body);
    for (const more of ["\n", "}", "\0", " "]) {
      expect(thrownBy(() => decodeDocument(Buffer.concat([bytes, Buffer.from(more)]), path)).code).toBe("CORRUPT");
    }
  });

  test("of any kind throws nothing but CORRUPT", () => {
    const bytes = encodeDocument(envelope, body);
    fc.assert(
      fc.property(fc.nat(bytes.length), fc.nat(40), fc.uint8Array({ maxLength: 60 }), (at, remove, insert) => {
        const changed = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);
        if (changed.equals(bytes)) return;
        try {
          decodeDocument(changed, path);
          expect.unreachable("damage went unnoticed");
        } catch (error) {
          expect(isHoldfastError(error, "CORRUPT")).toBe(true);
        }
      }),
    );
  });

  test("by somebody who set the checksum too is still no document without its members", () => {
    const lacking = { ...envelope, revision: undefined } as unknown as Envelope;
    expect(thrownBy(() => decodeDocument(encodeDocument(lacking, body), path)).code).toBe("CORRUPT");
  });
});
