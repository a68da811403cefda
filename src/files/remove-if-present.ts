import type { FileSystem } from "./file-system.js";
import { isAbsent } from "./node-file-system.js";

/** Removes a name that may be gone already, by the hand of another process or of an earlier attempt. */
export async function removeIfPresent(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.remove(path);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}
