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
  await writeFile(
    folder.at("test", "some.test.ts"),
    `test("works", () => {}); test.skip("left out", () => {});
describe("all", () => { test.each([])("of %s works", () => {}); });`,
  );
  await mkdir(folder.at("docs"));
  await writeFile(
    folder.at("docs", "mutations.md"),
    [
      "| `noticed` | x | `src/a.ts` | `test/some.test.ts`: all of one a \\| b works | 2 |",
      "| `elsewhere` | x | `src/a.ts` | `test/other.test.ts`: works | 2 |",
      "| `survivor` | x | `src/a.ts` | **nothing** | 2 |",
      "| `gone` | x | `src/a.ts` | `test/some.test.ts`: works | 2 |",
    ].join("\n"),
  );
  await mkdir(folder.at("test", "mutation", "mutations"), { recursive: true });
  const names = ["noticed", "elsewhere", "survivor"];
  await writeFile(
    folder.at("test", "mutation", "mutations", "all.ts"),
    names.map((name) => `{ name: "${name}", file: "" }`).join("\n"),
  );
  const rows = [
    "| F1 | a | b | `test/some.test.ts`: `all > of %s works` | `noticed` |",
    "| F3 | a | b | `test/some.test.ts`: `left out` | `noticed` |",
    "| F3 | | b | `test/some.test.ts`: `does not` | `elsewhere` |",
    "| F4 | a | by looking |",
    "| F5 | a | b | `test/some.test.ts`: `works` | `survivor` |",
    "| F6 | a | b | `test/some.test.ts`: `works` | `gone` |",
  ];
  await writeFile(folder.at("page.md"), rows.join("\n"));
  const noticed = "all of one a | b works";
  expect(await problemsOf("--root", folder.path, "--page", folder.at("page.md"))).toEqual([
    "F3: stands where F2 is expected",
    'F3: the test "left out" is never run',
    `F3: the mutation noticed is noticed by another test: test/some.test.ts: ${noticed}`,
    "F3: does not say what the fault is and what happens then",
    'F3: test/some.test.ts has no test "does not"',
    "F3: the mutation elsewhere is noticed by another test: test/other.test.ts: works",
    "F4: has 3 cells; 5 are expected",
    'F4: names no test in ""',
    'F4: names no mutation in ""',
    "F5: there is no mutation survivor, or it has not been tried",
    "F6: there is no mutation gone, or it has not been tried",
  ]);
});
