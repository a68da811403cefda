import { accessSync, constants, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where packages put the programs of PostgreSQL: not on the path, since several versions may stand side by side. */
const versionedFolders = ["/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt"];

/** The path of a program: on `PATH`, or in one of the folders that hold a version each, the newest first. */
export function findProgram(name: string): string | undefined {
  const onPath = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const versioned = versionedFolders.flatMap((folder) =>
    entriesOf(folder)
      .sort((a, b) => b.localeCompare(a, "en", { numeric: true }))
      .map((version) => join(folder, version, "bin")),
  );
  return [...onPath, ...versioned].map((folder) => join(folder, name)).find(isExecutable);
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us: either way it is not the program.
    return false;
  }
}
