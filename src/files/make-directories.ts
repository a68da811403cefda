import { dirname } from "node:path";
import type { FileSystem } from "./file-system.js";

/**
 * Makes a directory and whatever of its parents is missing, each durable: a file is only as durable as every name on
 * the way to it.
 */
export async function makeDirectories(fileSystem: FileSystem, path: string): Promise<void> {
  if ((await fileSystem.status(path)) !== undefined) return;
  const parent = dirname(path);
  if (parent !== path) await makeDirectories(fileSystem, parent);
  try {
    await fileSystem.makeDirectory(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  await fileSystem.syncDirectory(parent);
}
