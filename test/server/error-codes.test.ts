import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorTable } from "../../src/server/errors/error-table.js";

const root = new URL("../..", import.meta.url).pathname;

test("docs/errors.md has every code that the service answers with", () => {
  const documented = readFileSync(join(root, "docs", "errors.md"), "utf8");
  const sources = readdirSync(join(root, "src", "server"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(root, "src", "server", name), "utf8"));
  const codes = new Set(
    sources.flatMap((text) => [...text.matchAll(/\bcode: "([a-z_]+)"/g)].map(([, code = ""]) => code)),
  );
  expect(codes).toContain("invalid_api_key");
  // Those of the library stand there in capitals.
  for (const { code } of Object.values(errorTable)) codes.delete(code);
  expect([...codes].filter((code) => !documented.includes(`\`${code}\``))).toEqual([]);
});
