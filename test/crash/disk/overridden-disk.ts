import type { FileSystem, OpenFile } from "../../../src/files/file-system.js";

/** The calls of a disk, some of them replaced. */
export function overridden(disk: FileSystem, calls: Partial<FileSystem>): FileSystem {
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

/** The calls of an open file, some of them replaced. */
export function overriddenFile(file: OpenFile, calls: Partial<OpenFile>): OpenFile {
  return {
    path: file.path,
    read: (...range) => file.read(...range),
    readNow: (...range) => file.readNow(...range),
    write: (...range) => file.write(...range),
    sync: () => file.sync(),
    truncate: (length) => file.truncate(length),
    size: () => file.size(),
    close: () => file.close(),
    ...calls,
  };
}
