// What docs/defects.md and docs/faults.md have in common: a table whose rows name the tests that show them. Checks that
// every test that is named exists, under that title, in that file, and is run.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";

/** The rows whose first cell is a letter and a number. @returns {{ id: string, cells: string[] }[]} */
export function rowsOf(text) {
  return [...text.matchAll(/^\| ([A-Z]\d+) \|(.*)\|$/gm)].map(([, id, rest]) => ({
    id,
    cells: rest.split(" | ").map((cell) => cell.trim()),
  }));
}

/** The tests named in a cell: `file`: `title`, parted by <br>. A title with backticks stands between double ones. */
export function testsOf(cell) {
  return cell.split("<br>").map((reference) => {
    const match = /^`(test\/[^`]+)`: (`{1,2}) ?(.+?) ?\2$/.exec(reference.trim());
    return match === null ? { reference } : { file: match[1], title: match[3] };
  });
}

/** Every title in a test file, joined with those around it by " > ", with whether it is left out of every run. */
function titlesOf(root, file) {
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
function importedByTests(root) {
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

/** @returns {(id: string, cell: string) => string[]} which tells what is wrong with the tests that a row names. */
export function namedTestsOf(root) {
  const titles = new Map();
  const imported = importedByTests(root);
  return (id, cell) =>
    testsOf(cell).flatMap(({ reference, file, title }) => {
      if (file === undefined) return [`${id}: names no test in ${JSON.stringify(reference)}`];
      if (!existsSync(join(root, file))) return [`${id}: there is no file ${file}`];
      if (!titles.has(file)) titles.set(file, titlesOf(root, file));
      const problems = [];
      const skipped = titles.get(file).get(title);
      if (skipped === undefined) problems.push(`${id}: ${file} has no test ${JSON.stringify(title)}`);
      if (skipped === true) problems.push(`${id}: the test ${JSON.stringify(title)} is never run`);
      if (!file.endsWith(".test.ts") && !imported.has(resolve(root, file))) {
        problems.push(`${id}: ${file} is run by no test file`);
      }
      return problems;
    });
}
