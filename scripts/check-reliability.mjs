// Checks docs/reliability.md: every row of its tables that has an id names, in its last cell, tests that exist and are
// run. A test runs this; by hand: node scripts/check-reliability.mjs
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { namedTestsOf, rowsOf } from "./named-tests.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const rows = rowsOf(readFileSync(join(root, "docs", "reliability.md"), "utf8"));
const problemsOfTests = namedTestsOf(root);
const problems = rows.flatMap(({ id, cells }) => problemsOfTests(id, cells.at(-1) ?? ""));
const ids = rows.map(({ id }) => id);
for (const id of ids.filter((each, index) => ids.indexOf(each) !== index)) problems.push(`${id}: stands there twice`);
for (const letter of ["P", "E"]) {
  if (!ids.some((id) => id.startsWith(letter))) problems.push(`no row's id begins with ${letter}`);
}

for (const problem of problems) console.error(problem);
if (problems.length === 0) console.log(`${rows.length} rows, each shown by tests.`);
process.exitCode = problems.length === 0 ? 0 : 1;
