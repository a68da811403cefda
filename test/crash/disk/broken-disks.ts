import type { FileSystem, OpenFile } from "../../../src/files/file-system.js";

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

/** The calls of a disk, some of them replaced. */
function overridden(disk: FileSystem, calls: Partial<FileSystem>): FileSystem {
  return {
    open: (path, mode) => disk.open(path, mode),
    readFile: (path) => disk.readFile(path),
    readFileNow: (path) => disk.readFileNow(path),
    readDirectory: (path) => disk.readDirectory(path),
    status: (path) => disk.status(path),
    existsNow: (path) => disk.existsNow(path),
    identityNow: (path) => disk.identityNow(path),
    makeDirectory: (path) => disk.makeDirectory(path),
    removeDirectory: (path) => disk.removeDirectory(path),
    rename: (from, to) => disk.rename(from, to),
    link: (existing, name) => disk.link(existing, name),
    remove: (path) => disk.remove(path),
    touch: (path, time) => disk.touch(path, time),
    syncDirectory: (path) => disk.syncDirectory(path),
    kindOf: (path) => disk.kindOf(path),
    space: (path) => disk.space(path),
    canonical: (path) => disk.canonical(path),
    ...calls,
  };
}

function withoutSync(file: OpenFile): OpenFile {
  return {
    path: file.path,
    read: (...range) => file.read(...range),
    readNow: (...range) => file.readNow(...range),
    write: (...range) => file.write(...range),
    sync: () => Promise.resolve(),
    truncate: (length) => file.truncate(length),
    size: () => file.size(),
    close: () => file.close(),
  };
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
