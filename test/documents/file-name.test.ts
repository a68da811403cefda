import fc from "fast-check";
import { expect, test } from "vitest";
import { checkId } from "../../src/collections/check-id.js";
import { documentFileName, idOfFileName, shardOf } from "../../src/documents/file-name.js";
import { isTemporaryName, temporaryName } from "../../src/files/temporary-name.js";

/** Ids as callers may give them: anything that passes the check, near misses of one another above all. */
const id = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 256, unit: "binary" }),
    fc.string({
      minLength: 1,
      maxLength: 256,
      unit: fc.constantFrom("a", "A", "é", "e\u0301", "%", "~", ".", "-", "_", "4", "1"),
    }),
    fc.string({ minLength: 250, maxLength: 256, unit: fc.constantFrom("a", "A", "%") }),
  )
  .filter((value) => {
    try {
      checkId(value);
      return true;
    } catch {
      return false;
    }
  });

test("two ids never share a file name, on file systems that ignore case either", () => {
  fc.assert(
    fc.property(id, id, (one, other) => {
      fc.pre(one !== other);
      expect(documentFileName(one).toLowerCase()).not.toBe(documentFileName(other).toLowerCase());
    }),
    { numRuns: 2_000 },
  );
});

test("a file name is short, plain ASCII, and stays in its folder", () => {
  fc.assert(
    fc.property(id, (value) => {
      const name = documentFileName(value);
      expect(name.length).toBeLessThanOrEqual(200);
      expect(name).toMatch(/^[a-z0-9_%~-][a-z0-9._%~-]*\.json$/);
      expect(isTemporaryName(name)).toBe(false);
      expect(isTemporaryName(temporaryName(name))).toBe(true);
      expect(shardOf(name)).toMatch(/^[0-9a-f]{2}$/);
    }),
    { numRuns: 1_000 },
  );
});

test("a name tells its id, unless it was shortened", () => {
  fc.assert(
    fc.property(id, (value) => {
      const name = documentFileName(value);
      expect(idOfFileName(name)).toBe(name.includes("~") ? undefined : value);
    }),
  );
});

test("examples that stay what they are: files that exist keep their names", () => {
  expect(documentFileName("resp_0123456789abcdef")).toBe("resp_0123456789abcdef.json");
  expect(documentFileName("Resp_A")).toBe("%52esp_%41.json");
  expect(documentFileName("a b.c")).toBe("a%20b.c.json");
  expect(documentFileName(".hidden")).toBe("%2ehidden.json");
  expect(documentFileName("ü")).toBe("%c3%bc.json");
  expect(documentFileName("con~1")).toBe("con%7e1.json");
  expect(documentFileName("x".repeat(180))).toBe(`${"x".repeat(180)}.json`);
  expect(documentFileName("x".repeat(181))).toMatch(/^x{100}~[0-9a-f]{64}\.json$/);
  expect(shardOf("resp_0123456789abcdef.json")).toBe("f7");
});

test("names that are no document's tell nothing", () => {
  for (const name of ["a.json.bak", "notes.txt", "%zz.json", `${"x".repeat(100)}~${"0".repeat(64)}.json`]) {
    expect(idOfFileName(name)).toBeUndefined();
  }
});
