import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.js";

const script = fileURLToPath(new URL("../../scripts/check-defects.mjs", import.meta.url));
const page = new URL("../../docs/defects.md", import.meta.url);

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly problems: readonly string[];
}

async function check(...options: string[]): Promise<Outcome> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...options]);
    return { code: 0, stdout, problems: [] };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, problems: stderr.trimEnd().split("\n") };
  }
}

describe("docs/defects.md", () => {
  test("has every defect of the reference once, and names tests that exist; see scripts/check-defects.mjs", async () => {
    expect(await check()).toEqual({ code: 0, stdout: expect.stringMatching(/^73 defects: /) as string, problems: [] });
  });

  test("is told what is wrong with it, all of it", async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.at("test"));
    await writeFile(
      folder.at("test", "some.test.ts"),
      `import "./run-contract.js";
      describe("outer", () => {
        test("a \`quoted\` title", () => {});
        test.skip("left out", () => {});
        describe.each([1])("each %s", () => { test.skipIf(false)("inner", () => {}); });
      });`,
    );
    const contract =
      "export const contract = (engine) => describe(`on ${engine}`, () => { test('works', () => {}); });";
    await writeFile(folder.at("test", "run-contract.ts"), contract);
    await writeFile(folder.at("test", "idle-contract.ts"), contract);
    const shown: Record<string, string> = {
      R1: "`test/some.test.ts`: ``outer > a `quoted` title``",
      R2: "`test/some.test.ts`: `outer > each %s > inner`<br>`test/run-contract.ts`: `on ${engine} > works`",
      R3: "`test/some.test.ts`: `outer > left out`",
      R4: "`test/some.test.ts`: `inner`",
      R5: "`test/other.test.ts`: `outer`",
      R6: "`test/idle-contract.ts`: `on ${engine} > works`",
      R7: "Does not apply: no.",
      R8: "by looking at it",
      R10: "Does not apply: there is nothing of the kind here.",
    };
    const rows = (await readFile(page, "utf8"))
      .split("\n")
      .map((line) => {
        const id = /^\| ([A-Z]\d+) \|/.exec(line)?.[1];
        if (id === undefined) return line;
        if (id === "R9") return "";
        if (id === "R11") return "| R11 | does | Does not apply: there is nothing of the kind here. |";
        return `| ${id} | does | does not | ${shown[id] ?? "Does not apply: there is nothing of the kind here."} |`;
      })
      .concat(["| R1 | again | again | Does not apply: there is nothing of the kind here. |", "| Z1 | a | b | c |"]);
    await writeFile(folder.at("page.md"), rows.join("\n"));
    const { code, problems } = await check("--root", folder.path, "--page", folder.at("page.md"));
    expect(code).toBe(1);
    expect(problems).toEqual([
      "R1: stands 2 times in the table",
      "R9: stands 0 times in the table",
      "Z1: is no defect of the reference",
      'R3: the test "outer > left out" is never run',
      'R4: test/some.test.ts has no test "inner"',
      "R5: there is no file test/other.test.ts",
      "R6: test/idle-contract.ts is run by no test file",
      "R7: gives no reason why it does not apply",
      'R8: names no test in "by looking at it"',
      "R11: has 3 cells; 4 are expected",
      'R11: names no test in ""',
      'Z1: names no test in "c"',
    ]);
  });
});
