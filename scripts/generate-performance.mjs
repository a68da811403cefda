// Writes docs/performance.md from the results of a run of the benchmark: of bench/results/latest.json, or of the file named.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bench = join(root, "bench");
const results = process.argv[2] === undefined ? join(bench, "results", "latest.json") : resolve(process.argv[2]);

const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
const { status } = spawnSync(process.execPath, [compiler, "--project", "tsconfig.json"], {
  cwd: bench,
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);

const { performancePage } = await import(pathToFileURL(join(bench, "build", "report", "performance-page.js")).href);
const page = join(root, "docs", "performance.md");
writeFileSync(page, performancePage(JSON.parse(readFileSync(results, "utf8"))));
console.log(`Wrote ${page} from ${results}.`);
