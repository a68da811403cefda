import { expect, test } from "vitest";
import { scanSegment } from "../../src/journal/scan-segment.js";

/** A buffer that counts how many of its bytes are passed over in looking for the next of a kind. */
function watched(bytes: Buffer): { readonly bytes: Buffer; readonly passed: () => number } {
  let passed = 0;
  const indexOf = bytes.indexOf.bind(bytes);
  Object.defineProperty(bytes, "indexOf", {
    value: (value: number, from = 0) => {
      const found = indexOf(value, from);
      passed += (found < 0 ? bytes.length : found + 1) - from;
      return found;
    },
  });
  return { bytes, passed: () => passed };
}

/**
 * At each place where a line could begin the scan once looked for the end of that line, through all that follows. In bytes
 * that have none, the work grew with the square of their number, and a damaged segment kept a directory from being opened
 * for as good as ever.
 */
test.each([
  ["beginnings without an end", "}\0"],
  ["ends without a zero", "}\n"],
  ["ends of lines that are none", "deadbeef {}\0\n"],
  ["neither", "}"],
])("a segment that holds nothing but %s is passed over no more than twice to its end", (_what, noise) => {
  const { bytes, passed } = watched(Buffer.alloc(256 * 1024, noise));
  const { commits, unreadable, end } = scanSegment(bytes);
  expect({ commits, end }).toEqual({ commits: [], end: 0 });
  expect(unreadable[0]?.start).toBe(0);
  // Once for line feeds, once for zeros.
  expect(passed()).toBeLessThanOrEqual(2 * bytes.length);
});
