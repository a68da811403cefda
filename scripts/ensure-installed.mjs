// Makes `npm start` and `npm test` work on a fresh clone: installs exactly what the lockfile names, and only when
// what is installed is older than the lockfile.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const installed = statSync(join(root, "node_modules", ".package-lock.json"), { throwIfNoEntry: false });
const wanted = statSync(join(root, "package-lock.json"));

if (installed === undefined || installed.mtimeMs < wanted.mtimeMs) {
  console.error("Installing dependencies (npm ci) ...");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
  });
  process.exit(status ?? 1);
}
