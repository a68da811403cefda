import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { configSchema, settings } from "../../src/config/index.js";

const text = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");

/** The rows of the table of settings: name, default and variable, each in backquotes. */
const documented = [...text.matchAll(/^\| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \| (.+) \|$/gm)].map(
  ([, name, defaultValue, variable, description]) => ({ name, defaultValue, variable, description }),
);

describe("docs/configuration.md", () => {
  test("lists every setting with its default, variable and description, in the order of the schema", () => {
    expect(documented).toEqual(
      settings.map(({ name, defaultValue, environmentVariable, description }) => ({
        name,
        defaultValue: String(defaultValue),
        variable: environmentVariable,
        description,
      })),
    );
  });

  test("the settings are all that the JSON Schema of the file knows, but for its own address", () => {
    expect(leavesOf(z.toJSONSchema(configSchema, { io: "input" }), "")).toEqual([
      "$schema",
      ...settings.map(({ name }) => name),
    ]);
  });
});

interface JsonSchema {
  readonly properties?: Readonly<Record<string, unknown>>;
}

function leavesOf(schema: JsonSchema, prefix: string): string[] {
  if (schema.properties === undefined) return [prefix];
  return Object.entries(schema.properties).flatMap(([name, member]) =>
    leavesOf(member as JsonSchema, prefix === "" ? name : `${prefix}.${name}`),
  );
}
