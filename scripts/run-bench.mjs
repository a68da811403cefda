// Runs the benchmark. What it compares with is installed here, on the first run, and never by users of the library.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bench = join(root, "bench");

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: bench, stdio: "inherit", ...options });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const installed = statSync(join(bench, "node_modules", ".package-lock.json"), { throwIfNoEntry: false });
if (installed === undefined || installed.mtimeMs < statSync(join(bench, "package-lock.json")).mtimeMs) {
  console.error("Installing what the benchmark compares with (npm install in bench/) ...");
  // Not `npm ci`: it refuses as soon as a dependency of Holdfast itself, which is linked there, changes. The lockfile
  // still decides every version, and stays as it is. Standard output is kept for the tables.
  run("npm", ["install", "--no-save", "--no-audit", "--no-fund"], {
    stdio: ["ignore", 2, "inherit"],
    shell: process.platform === "win32",
  });
}
run(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "--project", "tsconfig.json"]);
// Paths among the options are meant from where the user stands, which npm tells by this name.
const env = { ...process.env, INIT_CWD: process.env.INIT_CWD ?? process.cwd() };
run(process.execPath, [join("build", "main.js"), ...process.argv.slice(2)], { env });
