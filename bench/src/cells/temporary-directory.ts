import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";

const made = new Set<string>();

// An interrupted run leaves nothing behind either: stores of a million documents are large.
process.once("exit", () => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

/** A fresh directory below `parent`, which is removed at the latest when this process ends. */
export async function makeDirectory(parent: string): Promise<string> {
  const directory = await mkdtemp(join(parent, "holdfast-bench-"));
  made.add(directory);
  return directory;
}

export async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  made.delete(directory);
}

/** Gives `work` a fresh directory below `parent`, and removes it afterwards. */
export async function withDirectory<Result>(
  parent: string,
  work: (directory: string) => Promise<Result>,
): Promise<Result> {
  const directory = await makeDirectory(parent);
  try {
    return await work(directory);
  } finally {
    await removeDirectory(directory);
  }
}
