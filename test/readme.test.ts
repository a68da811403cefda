import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-readme-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test("the library example of the README runs and prints what it says", async () => {
  const readme = await readFile(join(root, "README.md"), "utf8");
  const [, example] = /```js\n(import \{ openStateDirectory[\s\S]*?)```/.exec(readme) ?? [];
  expect(example).toBeDefined();
  // As in a project that has installed the package.
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  const source = (example ?? "").replace('"holdfast"', JSON.stringify(join(root, "dist", "index.js")));
  await writeFile(join(folder, "example.mjs"), source);
  const { stdout } = await promisify(execFile)(process.execPath, ["example.mjs"], { cwd: folder });
  expect(stdout).toBe("created\n[ 's2@1' ]\n");
});

test("every file the README and the documents link to exists", async () => {
  const pages = [
    "README.md",
    "docs/cli.md",
    "docs/configuration.md",
    "docs/deployment.md",
    "docs/performance.md",
    "docs/http.md",
  ];
  for (const page of pages) {
    const text = await readFile(join(root, page), "utf8");
    for (const [, target = ""] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      expect(existsSync(join(root, dirname(page), target)), `${page} links to ${target}`).toBe(true);
    }
  }
});
