import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { checkMutation, type Verdict } from "./check-mutation.js";
import { MutatedCopy } from "./mutated-copy.js";
import { mutations } from "./mutations/index.js";
import { parseMutationOptions, usage, type MutationOptions } from "./options.js";
import { lineOf, pageOf, rowsOf, withEarlierRows } from "./report.js";
import { runTests } from "./run-tests.js";

const checkout = dirname(createRequire(import.meta.url).resolve("holdfast/package.json"));

const page = join(checkout, "docs", "mutations.md");

async function run({ only, record, keep }: MutationOptions): Promise<boolean> {
  const chosen = mutations.filter(({ name }) => only.length === 0 || only.some((text) => name.includes(text)));
  if (chosen.length === 0) throw new Error(`No mutation has a name with ${only.join(" or ")} in it.`);
  await using copy = await MutatedCopy.of(checkout, { keep });
  // Of a test that fails anyway nothing could be learnt.
  const files = [...new Set(chosen.flatMap(({ tests }) => tests))];
  const without = await runTests(copy.root, files);
  if (without.kind !== "passed") {
    throw new Error(`Without any mutation the tests do not pass: ${JSON.stringify(without)}`);
  }
  console.log(`Without any mutation, ${without.tests} tests in ${files.length} files pass.`);
  const verdicts: Verdict[] = [];
  for (const mutation of chosen) {
    const verdict = await checkMutation(copy, mutation);
    console.log(lineOf(verdict));
    verdicts.push(verdict);
  }
  const missed = verdicts.filter(({ caughtBy }) => caughtBy === undefined);
  console.log(`${verdicts.length - missed.length} of ${verdicts.length} mutations caught.`);
  if (only.length === 0) await writeFile(page, pageOf(rowsOf(verdicts)));
  else if (record) await writeFile(page, pageOf(withEarlierRows(verdicts, mutations, await readFile(page, "utf8"))));
  return missed.length === 0;
}

const options = parseMutationOptions(process.argv.slice(2));
if (options === "help") console.log(usage);
else if (!(await run(options))) process.exitCode = 1;
