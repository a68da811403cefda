import type { FileSystem, OpenFile } from "../../../src/files/file-system.js";
import { overridden, overriddenFile } from "./overridden-disk.js";

/** What a disk, or a program that forgets a call, can do wrong without anybody noticing until the power goes. */
export const breakages = {
  "a sync that does nothing": (disk) =>
    overridden(disk, {
      open: async (path, mode) => withoutSync(await disk.open(path, mode)),
    }),
  "a directory sync that does nothing": (disk) => overridden(disk, { syncDirectory: () => Promise.resolve() }),
  "a write-through that is none": (disk) =>
    overridden(disk, { open: (path, mode) => disk.open(path, mode === "write-through" ? "truncate" : mode) }),
  "a rename that leaves the directory sync to others": (disk) => {
    const renamed = new Set<string>();
    return overridden(disk, {
      rename: async (from, to) => {
        await disk.rename(from, to);
        renamed.add(folderOf(to));
      },
      // The first sync behind a rename is swallowed.
      syncDirectory: async (path) => {
        if (!renamed.delete(path)) await disk.syncDirectory(path);
      },
    });
  },
} as const satisfies Readonly<Record<string, (disk: FileSystem) => FileSystem>>;

function withoutSync(file: OpenFile): OpenFile {
  return overriddenFile(file, { sync: () => Promise.resolve() });
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
