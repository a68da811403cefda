import { describe, expect, test } from "vitest";
import { printable, printableJson, printableLines } from "../../src/cli/printable.js";

describe("printable", () => {
  test.each([
    ["\u001b[2J", "\\u001b[2J"],
    ["a\nb\tc\rd", "a\\u000ab\\u0009c\\u000dd"],
    ["\u009b31m", "\\u009b31m"],
    ["\u202egpj.exe", "\\u202egpj.exe"],
    ["a\u2028b", "a\\u2028b"],
    ["\ud800", "\\ud800"],
    ["\u007f", "\\u007f"],
  ])("escapes what a terminal would obey (%j)", (text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  test("leaves every ordinary letter alone", () => {
    expect(printable("naïve 漢字 🎈 é")).toBe("naïve 漢字 🎈 é");
  });

  test("keeps the lines of a text of several", () => {
    expect(printableLines("one\n\u001btwo")).toBe("one\n\\u001btwo");
  });
});

describe("printableJson", () => {
  test("still means the same", () => {
    const value = { "\u009bkey": ["\u001b[31m", "\u202e", "\ud800", "line\nbreak", "\u007f"] };
    for (const text of [printableJson(value), printableJson(value, 2)]) {
      expect(JSON.parse(text)).toEqual(value);
      for (const character of ["\u001b", "\u007f", "\u009b", "\u202e"]) expect(text).not.toContain(character);
    }
    expect(printableJson(value)).not.toContain("\n");
  });
});
