// Checks docs/defects.md: every defect of the reference stands there once, and every test that is named as its proof
// exists, under that title, in that file, and is run. A test runs this; by hand: node scripts/check-defects.mjs
//
// Options, for the test of this script itself: --page <file>, --root <folder the named files are relative to>.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { namedTestsOf, rowsOf } from "./named-tests.mjs";

/** How many defects of each kind the reference has. */
const defects = { R: 18, P: 22, V: 16, T: 12, X: 5 };
const doesNotApply = "Does not apply: ";
const shortestReason = 20;

const { values } = parseArgs({ options: { page: { type: "string" }, root: { type: "string" } } });
const root = values.root ?? fileURLToPath(new URL("..", import.meta.url));
const page = values.page ?? join(root, "docs", "defects.md");

const problems = [];
const rows = rowsOf(readFileSync(page, "utf8"));
const expected = Object.entries(defects).flatMap(([kind, count]) =>
  Array.from({ length: count }, (_, index) => `${kind}${index + 1}`),
);
for (const id of expected) {
  const times = rows.filter((row) => row.id === id).length;
  if (times !== 1) problems.push(`${id}: stands ${times} times in the table`);
}
for (const { id } of rows) if (!expected.includes(id)) problems.push(`${id}: is no defect of the reference`);

const problemsOfTests = namedTestsOf(root);
for (const { id, cells } of rows) {
  const [behaviour = "", here = "", shown = ""] = cells;
  if (cells.length !== 3) problems.push(`${id}: has ${cells.length + 1} cells; 4 are expected`);
  if (behaviour === "" || here === "")
    problems.push(`${id}: does not say what the reference does and what happens here`);
  if (shown.startsWith(doesNotApply)) {
    if (shown.length < doesNotApply.length + shortestReason)
      problems.push(`${id}: gives no reason why it does not apply`);
    continue;
  }
  problems.push(...problemsOfTests(id, shown));
}

for (const problem of problems) console.error(problem);
if (problems.length === 0) {
  const applicable = rows.filter(({ cells }) => !cells[2].startsWith(doesNotApply)).length;
  console.log(`${rows.length} defects: ${applicable} shown by tests, ${rows.length - applicable} do not apply.`);
}
process.exitCode = problems.length === 0 ? 0 : 1;
