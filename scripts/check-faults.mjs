// Checks docs/faults.md: its rows are numbered without a gap, say what happens, name tests that exist and are run, and
// name a mutation that one of just these tests has noticed, as docs/mutations.md has it. A test runs this; by hand:
// node scripts/check-faults.mjs
//
// Options, for the test of this script itself: --page <file>, --root <folder the named files are relative to>.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { caughtBy, mutationsOf } from "./caught-mutations.mjs";
import { namedTestsOf, rowsOf, testsOf } from "./named-tests.mjs";

const { values } = parseArgs({ options: { page: { type: "string" }, root: { type: "string" } } });
const root = values.root ?? fileURLToPath(new URL("..", import.meta.url));
const page = values.page ?? join(root, "docs", "faults.md");

const problems = [];
const rows = rowsOf(readFileSync(page, "utf8"));
const problemsOfTests = namedTestsOf(root);
const mutations = mutationsOf(root);
rows.forEach(({ id, cells }, index) => {
  if (id !== `F${index + 1}`) problems.push(`${id}: stands where F${index + 1} is expected`);
  const [fault = "", behaviour = "", shown = "", mutated = ""] = cells;
  if (cells.length !== 4) problems.push(`${id}: has ${cells.length + 1} cells; 5 are expected`);
  if (fault === "" || behaviour === "") problems.push(`${id}: does not say what the fault is and what happens then`);
  problems.push(...problemsOfTests(id, shown));
  const name = /^`([a-z-]+)`$/.exec(mutated)?.[1];
  const mutation = mutations.get(name);
  if (name === undefined) problems.push(`${id}: names no mutation in ${JSON.stringify(mutated)}`);
  else if (mutation === undefined) problems.push(`${id}: there is no mutation ${name}, or it has not been tried`);
  else if (!testsOf(shown).some((test) => caughtBy(mutation, test))) {
    problems.push(`${id}: the mutation ${name} is noticed by another test: ${mutation.file}: ${mutation.test}`);
  }
});
if (rows.length === 0) problems.push("there is no table");

for (const problem of problems) console.error(problem);
if (problems.length === 0) console.log(`${rows.length} faults, each shown by tests that can fail.`);
process.exitCode = problems.length === 0 ? 0 : 1;
