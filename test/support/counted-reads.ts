import type { FileSystem, OpenFile } from "../../src/files/file-system.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";

/** The machine's own files, and how many bytes were read of each. */
export interface CountedReads {
  readonly fileSystem: FileSystem;
  /** Of every path that matches. */
  bytesRead(path: RegExp): number;
}

export function countedReads(): CountedReads {
  const counts = new Map<string, number>();
  const count = (path: string, bytes: number): number => {
    counts.set(path, (counts.get(path) ?? 0) + bytes);
    return bytes;
  };
  const counted = (file: OpenFile): OpenFile => ({
    path: file.path,
    read: async (...place) => count(file.path, await file.read(...place)),
    readNow: (...place) => count(file.path, file.readNow(...place)),
    write: (...place) => file.write(...place),
    sync: () => file.sync(),
    truncate: (length) => file.truncate(length),
    size: () => file.size(),
    close: () => file.close(),
  });
  const whole = (path: string, bytes: Buffer): Buffer => {
    count(path, bytes.length);
    return bytes;
  };
  return {
    fileSystem: {
      ...nodeFileSystem,
      open: async (path, mode) => counted(await nodeFileSystem.open(path, mode)),
      readFile: async (path) => whole(path, await nodeFileSystem.readFile(path)),
      readFileNow: (path) => whole(path, nodeFileSystem.readFileNow(path)),
    },
    bytesRead: (path) => [...counts].reduce((sum, [name, bytes]) => sum + (path.test(name) ? bytes : 0), 0),
  };
}
