import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.js";

const script = fileURLToPath(new URL("../../scripts/check-faults.mjs", import.meta.url));

async function problemsOf(...options: string[]): Promise<string[]> {
  try {
    await promisify(execFile)(process.execPath, [script, ...options]);
    return [];
  } catch (error) {
    return (error as { stderr: string }).stderr.trimEnd().split("\n");
  }
}

test("docs/faults.md names tests that exist and are run; see scripts/check-faults.mjs", async () => {
  expect(await problemsOf()).toEqual([]);
});

test("it is told what is wrong with it", async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.at("test"));
  await writeFile(folder.at("test", "some.test.ts"), `test("works", () => {}); test.skip("left out", () => {});`);
  const rows = [
    "| F1 | a | b | `test/some.test.ts`: `works` |",
    "| F3 | a | b | `test/some.test.ts`: `left out` |",
    "| F3 | | b | `test/some.test.ts`: `does not` |",
    "| F4 | a | by looking |",
  ];
  await writeFile(folder.at("page.md"), rows.join("\n"));
  expect(await problemsOf("--root", folder.path, "--page", folder.at("page.md"))).toEqual([
    "F3: stands where F2 is expected",
    'F3: the test "left out" is never run',
    "F3: does not say what the fault is and what happens then",
    'F3: test/some.test.ts has no test "does not"',
    "F4: has 3 cells; 4 are expected",
    'F4: names no test in ""',
  ]);
});
