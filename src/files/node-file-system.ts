import * as fs from "node:fs";
import * as promises from "node:fs/promises";
import type { DirectoryEntry, FileStatus, FileSystem, OpenFile, OpenMode } from "./file-system.js";
import { ReadAround } from "./read-around.js";

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_DSYNC } = fs.constants;

/**
 * Whether opening with `O_DSYNC` makes each write durable by itself. Elsewhere (macOS keeps such writes in the drive's
 * own cache) a write is followed by a data sync, which Node maps to the strong flush of the platform.
 */
const writesThrough = process.platform === "linux" && typeof O_DSYNC === "number";

/** How the system is asked for each mode. */
export const openFlags: Readonly<Record<OpenMode, number>> = {
  read: O_RDONLY,
  create: O_WRONLY | O_CREAT | O_EXCL,
  "write-through": writesThrough ? O_WRONLY | O_DSYNC : O_WRONLY,
  truncate: O_RDWR,
};

class NodeFile implements OpenFile {
  readonly path: string;
  readonly #descriptor: number;
  readonly #syncEachWrite: boolean;
  readonly #around: ReadAround;

  constructor(path: string, descriptor: number, mode: OpenMode) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#around = new ReadAround(descriptor);
    this.#syncEachWrite = mode === "write-through" && !writesThrough;
  }

  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return settle((done) => {
      fs.read(this.#descriptor, buffer, offset, length, position, done);
    });
  }

  readNow(buffer: Uint8Array, offset: number, length: number, position: number): number {
    return this.#around.readNow(buffer, offset, length, position);
  }

  async write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    const count = await settle<number>((done) => {
      fs.write(this.#descriptor, buffer, offset, length, position, done);
    });
    if (this.#syncEachWrite)
      await settle<undefined>((done) => {
        fs.fdatasync(this.#descriptor, done);
      });
    return count;
  }

  async sync(): Promise<void> {
    await settle<undefined>((done) => {
      fs.fsync(this.#descriptor, done);
    });
  }

  async truncate(length: number): Promise<void> {
    await settle<undefined>((done) => {
      fs.ftruncate(this.#descriptor, length, done);
    });
  }

  async size(): Promise<number> {
    return (
      await settle<fs.Stats>((done) => {
        fs.fstat(this.#descriptor, done);
      })
    ).size;
  }

  async close(): Promise<void> {
    await this.#around.settled();
    await settle<undefined>((done) => {
      fs.close(this.#descriptor, done);
    });
  }
}

/** The machine's own files. */
export const nodeFileSystem: FileSystem = {
  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    const descriptor = await settle<number>((done) => {
      fs.open(path, openFlags[mode], 0o600, done);
    });
    return new NodeFile(path, descriptor, mode);
  },
  readFile: (path) => promises.readFile(path),
  readFileNow: (path) => fs.readFileSync(path),
  async readDirectory(path: string): Promise<DirectoryEntry[]> {
    const entries = await promises.readdir(path, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  },
  async status(path: string): Promise<FileStatus | undefined> {
    try {
      const stats = await promises.lstat(path);
      return { kind: kindOf(stats), size: stats.size, inode: stats.ino, modifiedAtMs: stats.mtimeMs };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  },
  existsNow: (path) => fs.statSync(path, { throwIfNoEntry: false }) !== undefined,
  identityNow(path: string): string | undefined {
    // The number alone is given out again as soon as it is free. The time of birth is not kept by every file system.
    const found = fs.statSync(path, { throwIfNoEntry: false, bigint: true });
    return found === undefined ? undefined : `${String(found.dev)}:${String(found.ino)}:${String(found.mtimeNs)}`;
  },
  makeDirectory: (path) => promises.mkdir(path, { mode: 0o700 }),
  removeDirectory: (path) => promises.rmdir(path),
  rename: (from, to) => promises.rename(from, to),
  link: (existing, name) => promises.link(existing, name),
  remove: (path) => promises.unlink(path),
  touch: (path, time) => promises.utimes(path, time, time),
  async syncDirectory(path: string): Promise<void> {
    // Windows has no such call, and needs none: its file systems journal names by themselves.
    if (process.platform === "win32") return;
    // A directory that was just written to is opened from memory, and closed without any work: only the flush is worth
    // a trip to another thread.
    const descriptor = fs.openSync(path, O_RDONLY);
    try {
      await settle<undefined>((done) => {
        fs.fsync(descriptor, done);
      });
    } finally {
      fs.closeSync(descriptor);
    }
  },
  kindOf: async (path) => (await promises.statfs(path)).type,
  async space(path) {
    const { bavail, blocks, bsize } = await promises.statfs(path);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  },
  canonical: (path) => promises.realpath(path),
};

/** True for the error of a name that is not there. */
export function isAbsent(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ENOTDIR";
}

function kindOf(entry: fs.Dirent | fs.Stats): FileStatus["kind"] {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  return entry.isSocket() ? "socket" : "other";
}

/** Node's callback calls cost a third of its promise ones, and the commit path makes them for each batch. */
function settle<Result>(
  call: (done: (error: NodeJS.ErrnoException | null, result?: Result) => void) => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    call((error, result) => {
      if (error === null) resolve(result as Result);
      else reject(error);
    });
  });
}
