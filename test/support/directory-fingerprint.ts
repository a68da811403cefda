import { createHash } from "node:crypto";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";

/** Every name below a directory. */
export interface TreeEntry {
  /** Relative to the directory. */
  readonly path: string;
  readonly kind: "file" | "directory" | "other";
  /** The permission bits. */
  readonly mode: number;
}

export async function treeOf(root: string): Promise<TreeEntry[]> {
  const names = await readdir(root, { recursive: true });
  const entries = await Promise.all(
    names.sort().map(async (path): Promise<TreeEntry> => {
      const stats = await lstat(join(root, path));
      const kind = stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "other";
      return { path, kind, mode: stats.mode & 0o777 };
    }),
  );
  return entries;
}

/** The content of every file of a directory, by path, as a hash: two equal ones mean that nothing was changed. */
export async function fingerprint(root: string): Promise<Record<string, string>> {
  const prints: Record<string, string> = {};
  for (const { path, kind, mode } of await treeOf(root)) {
    const content =
      kind === "file"
        ? createHash("sha256")
            .update(await readFile(join(root, path)))
            .digest("hex")
        : kind;
    prints[path] = `${mode.toString(8)} ${content}`;
  }
  return prints;
}

/** Paths of the files below a directory that match, absolute. */
export async function filesBelow(root: string, pattern: RegExp): Promise<string[]> {
  const entries = await treeOf(root);
  return entries
    .filter(({ path, kind }) => kind === "file" && pattern.test(path))
    .map(({ path }) => join(root, path))
    .sort((left, right) => (relative(root, left) < relative(root, right) ? -1 : 1));
}
