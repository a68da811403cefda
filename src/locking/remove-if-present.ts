import type { FileSystem } from "../files/file-system.js";
import { isAbsent } from "../files/node-file-system.js";

/** Removes a name that another process may have removed already. */
export async function removeIfPresent(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.remove(path);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}
