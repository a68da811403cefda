// Checks docs/faults.md: its rows are numbered without a gap, say what happens, and name tests that exist and are run. A
// test runs this; by hand: node scripts/check-faults.mjs
//
// Options, for the test of this script itself: --page <file>, --root <folder the named files are relative to>.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { namedTestsOf, rowsOf } from "./named-tests.mjs";

const { values } = parseArgs({ options: { page: { type: "string" }, root: { type: "string" } } });
const root = values.root ?? fileURLToPath(new URL("..", import.meta.url));
const page = values.page ?? join(root, "docs", "faults.md");

const problems = [];
const rows = rowsOf(readFileSync(page, "utf8"));
const problemsOfTests = namedTestsOf(root);
rows.forEach(({ id, cells }, index) => {
  if (id !== `F${index + 1}`) problems.push(`${id}: stands where F${index + 1} is expected`);
  const [fault = "", behaviour = "", shown = ""] = cells;
  if (cells.length !== 3) problems.push(`${id}: has ${cells.length + 1} cells; 4 are expected`);
  if (fault === "" || behaviour === "") problems.push(`${id}: does not say what the fault is and what happens then`);
  problems.push(...problemsOfTests(id, shown));
});
if (rows.length === 0) problems.push("there is no table");

for (const problem of problems) console.error(problem);
if (problems.length === 0) console.log(`${rows.length} faults, each shown by tests.`);
process.exitCode = problems.length === 0 ? 0 : 1;
