// Checks docs/defects.md: every defect of the reference stands there once, and every test that is named as its proof
// exists, under that title, in that file, and is run. A test runs this; by hand: node scripts/check-defects.mjs
//
// Options, for the test of this script itself: --page <file>, --root <folder the named files are relative to>.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import ts from "typescript";

/** How many defects of each kind the reference has. */
const defects = { R: 18, P: 22, V: 16, T: 12, X: 5 };
const doesNotApply = "Does not apply: ";
const shortestReason = 20;

const { values } = parseArgs({ options: { page: { type: "string" }, root: { type: "string" } } });
const root = values.root ?? fileURLToPath(new URL("..", import.meta.url));
const page = values.page ?? join(root, "docs", "defects.md");

/** @returns {{ id: string, cells: string[] }[]} */
function rowsOf(text) {
  return [...text.matchAll(/^\| ([A-Z]\d+) \|(.*)\|$/gm)].map(([, id, rest]) => ({
    id,
    cells: rest.split(" | ").map((cell) => cell.trim()),
  }));
}

/** The tests named in a cell: `file`: `title`, parted by <br>. A title with backticks stands between double ones. */
function testsOf(cell) {
  return cell.split("<br>").map((reference) => {
    const match = /^`(test\/[^`]+)`: (`{1,2}) ?(.+?) ?\2$/.exec(reference.trim());
    return match === null ? { reference } : { file: match[1], title: match[3] };
  });
}

/** Every title in a test file, joined with those around it by " > ", with whether it is left out of every run. */
function titlesOf(file) {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), "utf8"), ts.ScriptTarget.Latest, true);
  const titles = new Map();
  const visit = (node, around, skipped) => {
    if (ts.isCallExpression(node)) {
      const { name, modifiers } = calleeOf(node.expression);
      const title = node.arguments[0] === undefined ? undefined : textOf(node.arguments[0]);
      if (["describe", "test", "it"].includes(name) && title !== undefined) {
        const path = [...around, title];
        const isSkipped = skipped || modifiers.some((modifier) => ["skip", "todo"].includes(modifier));
        if (name !== "describe") titles.set(path.join(" > "), isSkipped);
        for (const child of node.arguments.slice(1)) visit(child, path, isSkipped);
        return;
      }
    }
    ts.forEachChild(node, (child) => visit(child, around, skipped));
  };
  visit(source, [], false);
  return titles;
}

/** What is called at the root of `test.skipIf(condition).each(table)`, and by which members. */
function calleeOf(expression) {
  const modifiers = [];
  let inner = expression;
  for (;;) {
    if (ts.isPropertyAccessExpression(inner)) {
      modifiers.push(inner.name.text);
      inner = inner.expression;
    } else if (ts.isCallExpression(inner)) inner = inner.expression;
    else return { name: ts.isIdentifier(inner) ? inner.text : "", modifiers };
  }
}

/** A string as it is, a template as it is written. */
function textOf(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  return ts.isTemplateExpression(node) ? node.getText().slice(1, -1) : undefined;
}

/** The files that some test file imports, directly: what a shared contract needs in order to be run at all. */
function importedByTests() {
  const imported = new Set();
  const names = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" });
  for (const name of names.filter((path) => path.endsWith(".test.ts"))) {
    const path = join(root, "test", name);
    for (const { fileName } of ts.preProcessFile(readFileSync(path, "utf8")).importedFiles) {
      if (fileName.startsWith(".")) imported.add(resolve(dirname(path), fileName).replace(/\.js$/, ".ts"));
    }
  }
  return imported;
}

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

const titles = new Map();
const imported = importedByTests();
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
  for (const { reference, file, title } of testsOf(shown)) {
    if (file === undefined) problems.push(`${id}: names no test in ${JSON.stringify(reference)}`);
    else if (!existsSync(join(root, file))) problems.push(`${id}: there is no file ${file}`);
    else {
      if (!titles.has(file)) titles.set(file, titlesOf(file));
      const skipped = titles.get(file).get(title);
      if (skipped === undefined) problems.push(`${id}: ${file} has no test ${JSON.stringify(title)}`);
      if (skipped === true) problems.push(`${id}: the test ${JSON.stringify(title)} is never run`);
      if (!file.endsWith(".test.ts") && !imported.has(resolve(root, file))) {
        problems.push(`${id}: ${file} is run by no test file`);
      }
    }
  }
}

for (const problem of problems) console.error(problem);
if (problems.length === 0) {
  const applicable = rows.filter(({ cells }) => !cells[2].startsWith(doesNotApply)).length;
  console.log(`${rows.length} defects: ${applicable} shown by tests, ${rows.length - applicable} do not apply.`);
}
process.exitCode = problems.length === 0 ? 0 : 1;
