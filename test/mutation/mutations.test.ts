import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { mutate } from "./mutation.js";
import { mutations } from "./mutations/index.js";

const root = new URL("../../", import.meta.url);

describe("the mutations of `npm run test:mutation`", () => {
  test("have names of their own", () => {
    const names = mutations.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-z]+(-[a-z]+)*$/.test(name))).toEqual([]);
  });

  test.each(mutations)("$name fits the code as it is, and names tests that exist", (mutation) => {
    const text = readFileSync(fileURLToPath(new URL(mutation.file, root)), "utf8");
    expect(mutate(text, mutation)).not.toBe(text);
    expect(mutation.tests.filter((file) => !existsSync(fileURLToPath(new URL(file, root))))).toEqual([]);
    expect(mutation.tests).not.toEqual([]);
  });

  test("are refused when their text is not there, or is there twice", () => {
    const mutation = { name: "a", bug: "", file: "a.ts", find: "one", replace: "two", tests: [] };
    expect(mutate("just one", mutation)).toBe("just two");
    expect(() => mutate("none", { ...mutation, find: "x" })).toThrow("occurs 0 times");
    expect(() => mutate("one and one", mutation)).toThrow("occurs 2 times");
  });
});
