import fc from "fast-check";
import type { IndexValue } from "../../src/collections/index.js";
import type { ModelDocument } from "./model.js";

/** Texts where orders differ: NUL, what escapes it, characters of one to four bytes, halves of surrogate pairs. */
const units = ["\u0000", "\u0001", "\u00ff", "a", "b", "~", "\u007f", "\u0080", "é", "\u07ff", "\u0800", "ﬀ", "\uffff"];
const halves = ["\ud800", "\udbff", "\udc00", "\udfff", "😀"];

export const oddText = fc
  .array(fc.constantFrom(...units, ...halves), { maxLength: 5 })
  .map((characters) => characters.join(""));

export const indexValue: fc.Arbitrary<IndexValue> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<IndexValue>("", "x", "x\u0000", "x\u0000\u0000y", 0, 1, -1, true, false) },
  { weight: 2, arbitrary: oddText },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 1, arbitrary: fc.integer() },
);

const documentId = fc.oneof(
  oddText.filter((text) => text !== ""),
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.integer({ min: 0, max: 400 }).map((number) => `doc-${String(number).padStart(6, "0")}`),
);

const plain = fc.record({
  id: documentId,
  createdSequence: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 2 ** 47 })),
  expiresAtMs: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 30 }), fc.constant(253_402_300_799_999)),
  schemaVersion: fc.integer({ min: 1, max: 4 }),
  deleted: fc.boolean().chain((once) => (once ? fc.boolean() : fc.constant(false))),
  keys: fc.array(fc.option(indexValue, { nil: undefined }), { minLength: 3, maxLength: 3 }),
});

/** Regular documents, enough of them for several blocks. */
function regularDocuments(count: number): Omit<ModelDocument, "sequence" | "createdIndex">[] {
  return Array.from({ length: count }, (_, number) => ({
    id: `regular-${String((number * 7919) % 10_007).padStart(8, "0")}`,
    createdSequence: 100 + (number % 50),
    expiresAtMs: number % 3 === 0 ? 1000 + (number % 7) : Infinity,
    schemaVersion: 1,
    deleted: number % 11 === 0,
    keys: [`value ${number % 4}`, number % 5 === 0 ? undefined : number % 2 === 0, number % 9],
  }));
}

/** Documents with every id and every place in the order of creation once. */
export const documents: fc.Arbitrary<ModelDocument[]> = fc
  .tuple(fc.uniqueArray(plain, { selector: ({ id }) => id, maxLength: 30 }), fc.constantFrom(0, 0, 1, 80, 400))
  .map(([odd, count]) =>
    [...odd, ...regularDocuments(count)].map((document, index) => ({
      ...document,
      sequence: document.createdSequence + index,
      createdIndex: index,
    })),
  );
