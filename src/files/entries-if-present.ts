import type { DirectoryEntry, FileSystem } from "./file-system.js";
import { isAbsent } from "./node-file-system.js";

/** What is in a folder; nothing if there is no such folder. */
export async function entriesIfPresent(fileSystem: FileSystem, path: string): Promise<DirectoryEntry[]> {
  try {
    return await fileSystem.readDirectory(path);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
