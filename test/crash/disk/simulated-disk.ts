import type {
  DirectoryEntry,
  DiskSpace,
  FileStatus,
  FileSystem,
  OpenFile,
  OpenMode,
} from "../../../src/files/file-system.js";
import { DirectoryTree, isBelow } from "./directory-tree.js";
import { DiskRoom } from "./disk-room.js";
import type { DiskImage } from "./disk-image.js";
import type { DiskEvent, DiskRecorder } from "./disk-event.js";
import type { DirectoryInode, Inode } from "./inode.js";
import type { SocketFolder } from "./socket-folder.js";
import { SimulatedFile } from "./simulated-file.js";
import { systemError } from "./system-error.js";

export interface SimulatedDiskOptions {
  /** Where the disk is mounted, absolute. Nothing else can be reached through it. */
  readonly mountPoint: string;
  /** What is on it. Default: an empty root directory. */
  readonly image?: DiskImage;
  /** Gets everything that changes the disk or makes it durable. */
  readonly recorder?: DiskRecorder;
  /** Waited for before each call takes effect, and before one that takes time returns. Default: nothing. */
  readonly pace?: () => Promise<void>;
  /** Real sockets, since a process can not listen on a simulated one. */
  readonly sockets?: SocketFolder;
  /** Milliseconds since 1970, for modification times. */
  readonly now?: () => number;
  /** How much can be written beside what is there, in bytes. Default: more than any test writes, and not counted. */
  readonly freeBytes?: number | undefined;
}

/** The number of ext4, so that the disk counts as a local one. */
const localFileSystem = 0xef53;
/** More than any test writes. */
const diskBytes = 2 ** 40;

/**
 * A disk in memory that behaves to those who use it as Linux does: an open file is its inode, whatever becomes of its
 * names; names are created exclusively; errors have the system's codes. It knows nothing of crashes. It tells a recorder
 * what was asked of it, and from that the states are built that a crash may leave.
 */
export class SimulatedDisk implements FileSystem {
  readonly #tree: DirectoryTree;
  readonly #options: SimulatedDiskOptions;
  /** `undefined` where nothing is counted. */
  readonly room: DiskRoom | undefined;
  #calls = 0;

  constructor(options: SimulatedDiskOptions) {
    this.#options = options;
    this.#tree = new DirectoryTree(options.mountPoint, options.image, () => this.now());
    this.room = options.freeBytes === undefined ? undefined : new DiskRoom(this.#tree.root, options.freeBytes);
  }

  now(): number {
    return this.#options.now?.() ?? 0;
  }

  /** What the disk shows now, as a process sees it: synced or not. */
  image(): DiskImage {
    return this.#tree.image();
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    await this.pace();
    if (mode === "create") {
      const { directory, name } = this.#tree.placeOf(path, "open");
      if (directory.entries.has(name)) throw systemError("EEXIST", "open", path);
      const file = this.#tree.newFile();
      this.#add(directory, name, file);
      return new SimulatedFile(this, path, file, mode);
    }
    const inode = this.#tree.find(path, "open");
    if (inode.kind === "socket") throw systemError("ENXIO", "open", path);
    if (inode.kind === "directory") {
      if (mode !== "read") throw systemError("EISDIR", "open", path);
      return new SimulatedFile(this, path, undefined, mode);
    }
    return new SimulatedFile(this, path, inode, mode);
  }

  async readFile(path: string): Promise<Buffer> {
    await this.pace();
    return this.readFileNow(path);
  }

  readFileNow(path: string): Buffer {
    const inode = this.#tree.find(path, "open");
    if (inode.kind === "directory") throw systemError("EISDIR", "read", path);
    if (inode.kind === "socket") throw systemError("ENXIO", "open", path);
    return Buffer.from(inode.bytes);
  }

  async readDirectory(path: string): Promise<DirectoryEntry[]> {
    await this.pace();
    this.#adoptSockets(path);
    const directory = this.#tree.find(path, "scandir");
    if (directory.kind !== "directory") throw systemError("ENOTDIR", "scandir", path);
    return [...directory.entries].map(([name, { kind }]) => ({ name, kind }));
  }

  async status(path: string): Promise<FileStatus | undefined> {
    await this.pace();
    const inode = this.#peek(path);
    if (inode === undefined) return undefined;
    const size = inode.kind === "file" ? inode.bytes.length : 0;
    return { kind: inode.kind, size, inode: inode.number, modifiedAtMs: inode.modifiedAtMs };
  }

  existsNow(path: string): boolean {
    this.#adoptSockets(path);
    try {
      this.#tree.find(path, "stat");
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw error;
    }
  }

  identityNow(path: string): string | undefined {
    this.#adoptSockets(path);
    try {
      const inode = this.#tree.find(path, "stat");
      return `${inode.number}:${inode.modifiedAtMs}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  async makeDirectory(path: string): Promise<void> {
    await this.pace();
    const { directory, name } = this.#tree.placeOf(path, "mkdir");
    if (directory.entries.has(name)) throw systemError("EEXIST", "mkdir", path);
    if (this.room?.hasBlock === false) throw systemError("ENOSPC", "mkdir", path);
    this.#add(directory, name, this.#tree.newDirectory());
  }

  async removeDirectory(path: string): Promise<void> {
    await this.pace();
    const inode = this.#tree.find(path, "rmdir");
    if (inode.kind !== "directory") throw systemError("ENOTDIR", "rmdir", path);
    if (inode.entries.size > 0) throw systemError("ENOTEMPTY", "rmdir", path);
    this.#removeName(path);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.pace();
    this.#adoptSockets(from);
    const source = this.#tree.placeOf(from, "rename");
    const target = this.#tree.placeOf(to, "rename");
    const inode = this.#tree.find(from, "rename");
    if (isBelow(from, to)) throw systemError("ENOTEMPTY", "rename", to);
    const replaced = target.directory.entries.get(target.name);
    // Two names of one file: POSIX has this do nothing, and both stay.
    if (replaced === inode) return;
    if (inode.kind === "directory" && isBelow(to, from)) throw systemError("EINVAL", "rename", from);
    if (replaced?.kind === "directory") {
      if (inode.kind !== "directory") throw systemError("EISDIR", "rename", to);
      if (replaced.entries.size > 0) throw systemError("ENOTEMPTY", "rename", to);
    } else if (replaced !== undefined && inode.kind === "directory") throw systemError("ENOTDIR", "rename", to);
    source.directory.entries.delete(source.name);
    // Anew, so that the name stands last, as a name that was just made does.
    target.directory.entries.delete(target.name);
    target.directory.entries.set(target.name, inode);
    if (inode.kind === "socket") this.#options.sockets?.rename(from, to);
    this.record({
      kind: "rename",
      from: { directory: source.directory.number, name: source.name },
      to: { directory: target.directory.number, name: target.name },
      inode: inode.number,
    });
  }

  async link(existing: string, name: string): Promise<void> {
    await this.pace();
    this.#adoptSockets(existing);
    const inode = this.#tree.find(existing, "link");
    const place = this.#tree.placeOf(name, "link");
    if (place.directory.entries.has(place.name)) throw systemError("EEXIST", "link", name);
    if (inode.kind === "directory") throw systemError("EPERM", "link", existing);
    if (inode.kind === "socket") this.#options.sockets?.link(existing, name);
    this.#add(place.directory, place.name, inode);
  }

  async remove(path: string): Promise<void> {
    await this.pace();
    this.#adoptSockets(path);
    const inode = this.#tree.find(path, "unlink");
    if (inode.kind === "directory") throw systemError("EISDIR", "unlink", path);
    if (inode.kind === "socket") this.#options.sockets?.remove(path);
    this.#removeName(path);
  }

  async touch(path: string, time: Date): Promise<void> {
    await this.pace();
    this.#tree.find(path, "utime").modifiedAtMs = time.getTime();
  }

  async syncDirectory(path: string): Promise<void> {
    await this.pace();
    const inode = this.#tree.find(path, "open");
    if (inode.kind === "socket") throw systemError("ENXIO", "open", path);
    await this.takingTime((call) =>
      inode.kind === "directory"
        ? { kind: "sync-directory", directory: inode.number, call }
        : { kind: "sync", inode: inode.number, call },
    );
  }

  async kindOf(path: string): Promise<number> {
    await this.pace();
    this.#tree.find(path, "statfs");
    return localFileSystem;
  }

  async space(path: string): Promise<DiskSpace> {
    await this.pace();
    this.#tree.find(path, "statfs");
    return this.room?.space ?? { freeBytes: diskBytes, totalBytes: diskBytes };
  }

  async canonical(path: string): Promise<string> {
    await this.pace();
    this.#tree.find(path, "realpath");
    return path;
  }

  /** @internal */
  async pace(): Promise<void> {
    await this.#options.pace?.();
  }

  /** @internal */
  record(event: DiskEvent): void {
    this.#options.recorder?.record(event);
  }

  /** @internal Records a call that takes time: its beginning, and its end when it is over. */
  async takingTime(begin: (call: number) => DiskEvent): Promise<void> {
    const call = (this.#calls += 1);
    this.record(begin(call));
    await this.pace();
    this.record({ kind: "end", call });
  }

  #peek(path: string): Inode | undefined {
    this.#adoptSockets(path);
    return this.#tree.peek(path);
  }

  #add(directory: DirectoryInode, name: string, inode: Inode): void {
    directory.entries.set(name, inode);
    this.record({ kind: "add", directory: directory.number, name, inode: inode.number, type: inode.kind });
  }

  #removeName(path: string): void {
    const { directory, name } = this.#tree.placeOf(path, "unlink");
    directory.entries.delete(name);
    this.record({ kind: "remove", directory: directory.number, name });
  }

  /** A process that listens has made a name without asking this disk. */
  #adoptSockets(path: string): void {
    for (const socket of this.#options.sockets?.namesAt(path) ?? []) {
      if (this.#tree.peek(socket) !== undefined) continue;
      const { directory, name } = this.#tree.placeOf(socket, "bind");
      this.#add(directory, name, this.#tree.newSocket());
    }
  }
}
