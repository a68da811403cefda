import { describe, expect, test } from "vitest";
import { NewestLine } from "../../src/watch/newest-line.js";

function fed(pieces: readonly string[], longestBytes = 100): { taken: (string | undefined)[]; added: boolean[] } {
  const line = new NewestLine(longestBytes);
  const added: boolean[] = [];
  const taken = pieces.map((piece) => {
    added.push(line.add(Buffer.from(piece)));
    return line.take()?.toString();
  });
  return { taken, added };
}

describe("what a connection brings", () => {
  test("is a line once its end has come, in however many pieces", () => {
    expect(fed(["one\n"])).toEqual({ taken: ["one\n"], added: [true] });
    expect(fed(["o", "n", "e", "\n"])).toEqual({
      taken: [undefined, undefined, undefined, "one\n"],
      added: [false, false, false, true],
    });
    expect(fed(["one\ntw", "o\nthr", "ee\n"]).taken).toEqual(["one\n", "two\n", "three\n"]);
  });

  test("is its newest line alone, when several come at once", () => {
    expect(fed(["one\ntwo\nthree\n"]).taken).toEqual(["three\n"]);
    expect(fed(["one\ntwo\nthr", "ee\nfour\nfi"]).taken).toEqual(["two\n", "four\n"]);
    expect(fed(["one\n\n"]).taken).toEqual(["\n"]);
  });

  test("is taken once, and a line that nobody took gives way to a newer one", () => {
    const line = new NewestLine(100);
    line.add(Buffer.from("one\n"));
    line.add(Buffer.from("two\nthr"));
    expect(line.take()?.toString()).toBe("two\n");
    expect(line.take()).toBeUndefined();
  });

  test("does not grow without end: what has none is handed over as it is", () => {
    expect(fed(["12345", "67890", "1", "2\n"], 10)).toEqual({
      taken: [undefined, undefined, "12345678901", "2\n"],
      added: [false, false, true, true],
    });
  });
});
