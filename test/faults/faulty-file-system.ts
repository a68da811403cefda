import * as fs from "node:fs/promises";
import type {
  DirectoryEntry,
  DiskSpace,
  FileStatus,
  FileSystem,
  OpenFile,
  OpenMode,
} from "../../src/files/file-system.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";

/** What can be counted and made to fail. `sync` and `syncDirectory` are different promises, and fail apart. */
export type DiskOperation =
  | "open"
  | "create"
  | "read"
  | "write"
  | "sync"
  | "truncate"
  | "readFile"
  | "readDirectory"
  | "status"
  | "existsNow"
  | "identityNow"
  | "makeDirectory"
  | "removeDirectory"
  | "rename"
  | "link"
  | "remove"
  | "touch"
  | "syncDirectory"
  | "kindOf"
  | "space"
  | "canonical";

/** Which calls are hit, and what becomes of them. */
export interface DiskFault {
  readonly on: DiskOperation;
  /** Matched against the path; of a rename or link, the new name's. Default: every path. */
  readonly path?: RegExp;
  /** The first matching call that is hit, counted from when the fault was set. Default 1. */
  readonly nth?: number;
  /** How many matching calls are hit from there. Default: all. */
  readonly times?: number;
  /** The call rejects with this errno, such as `EIO`, having done nothing. */
  readonly fails?: string;
  /** A write takes only so many bytes and calls it success. */
  readonly writesOnly?: number;
  /** Runs before the call goes through; what it throws is the call's failure. */
  readonly before?: (path: string) => Promise<void>;
}

interface ActiveFault {
  readonly fault: DiskFault;
  seen: number;
}

/**
 * A real disk with faults. Everything goes to the machine's own files; by rule a call fails, is cut short or held up,
 * and the space can be made finite. What is on the disk after a fault is therefore what a disk would really hold.
 */
export class FaultyFileSystem implements FileSystem {
  readonly #faults = new Set<ActiveFault>();
  readonly #counts = new Map<DiskOperation, number>();
  /** Bytes that were charged, by inode: what comes back when the last name goes. */
  readonly #charged = new Map<number, number>();
  /** How many bytes can still be added to files. What was there before costs nothing and gives nothing back. */
  spaceLeft = Number.POSITIVE_INFINITY;

  /** Sets a fault. @returns how to lift it. */
  set(fault: DiskFault): () => void {
    const active: ActiveFault = { fault, seen: 0 };
    this.#faults.add(active);
    return () => {
      this.#faults.delete(active);
    };
  }

  /** How often an operation was asked for, failed ones included. */
  count(operation: DiskOperation): number {
    return this.#counts.get(operation) ?? 0;
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    await this.enter(mode === "create" ? "create" : "open", path);
    if (mode === "create" && this.spaceLeft <= 0) throw systemError("ENOSPC", path);
    const file = await nodeFileSystem.open(path, mode);
    const status = await nodeFileSystem.status(path);
    return new FaultyFile(this, file, status?.inode ?? -1);
  }

  async readFile(path: string): Promise<Buffer> {
    await this.enter("readFile", path);
    return nodeFileSystem.readFile(path);
  }

  readFileNow(path: string): Buffer {
    const fault = this.#hit("readFile", path);
    if (fault?.fails !== undefined) throw systemError(fault.fails, path);
    return nodeFileSystem.readFileNow(path);
  }

  async readDirectory(path: string): Promise<DirectoryEntry[]> {
    await this.enter("readDirectory", path);
    return nodeFileSystem.readDirectory(path);
  }

  async status(path: string): Promise<FileStatus | undefined> {
    await this.enter("status", path);
    return nodeFileSystem.status(path);
  }

  existsNow(path: string): boolean {
    const fault = this.#hit("existsNow", path);
    if (fault?.fails !== undefined) throw systemError(fault.fails, path);
    return nodeFileSystem.existsNow(path);
  }

  identityNow(path: string): string | undefined {
    const fault = this.#hit("identityNow", path);
    if (fault?.fails !== undefined) throw systemError(fault.fails, path);
    return nodeFileSystem.identityNow(path);
  }

  async makeDirectory(path: string): Promise<void> {
    await this.enter("makeDirectory", path);
    await nodeFileSystem.makeDirectory(path);
  }

  async removeDirectory(path: string): Promise<void> {
    await this.enter("removeDirectory", path);
    await nodeFileSystem.removeDirectory(path);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.enter("rename", to);
    const replaced = await inodeIfLast(to);
    await nodeFileSystem.rename(from, to);
    this.#giveBack(replaced);
  }

  async link(existing: string, name: string): Promise<void> {
    await this.enter("link", name);
    await nodeFileSystem.link(existing, name);
  }

  async remove(path: string): Promise<void> {
    await this.enter("remove", path);
    const removed = await inodeIfLast(path);
    await nodeFileSystem.remove(path);
    this.#giveBack(removed);
  }

  async touch(path: string, time: Date): Promise<void> {
    await this.enter("touch", path);
    await nodeFileSystem.touch(path, time);
  }

  async syncDirectory(path: string): Promise<void> {
    await this.enter("syncDirectory", path);
    await nodeFileSystem.syncDirectory(path);
  }

  async kindOf(path: string): Promise<number> {
    await this.enter("kindOf", path);
    return nodeFileSystem.kindOf(path);
  }

  async space(path: string): Promise<DiskSpace> {
    await this.enter("space", path);
    const { freeBytes, totalBytes } = await nodeFileSystem.space(path);
    return { freeBytes: Math.min(freeBytes, Math.max(0, this.spaceLeft)), totalBytes };
  }

  async canonical(path: string): Promise<string> {
    await this.enter("canonical", path);
    return nodeFileSystem.canonical(path);
  }

  /** @internal Counts a call and lets the faults have it. @returns the fault that leaves it going on, changed. */
  async enter(operation: DiskOperation, path: string): Promise<DiskFault | undefined> {
    const fault = this.#hit(operation, path);
    await fault?.before?.(path);
    if (fault?.fails !== undefined) throw systemError(fault.fails, path);
    return fault;
  }

  /** @internal {@link enter} for a call that can not wait: a fault's `before` does not run. */
  enterNow(operation: DiskOperation, path: string): void {
    const fault = this.#hit(operation, path);
    if (fault?.fails !== undefined) throw systemError(fault.fails, path);
  }

  /** @internal Takes the space for a file to reach `end`. @returns how many bytes behind `position` fit. */
  charge(inode: number, size: number, position: number, end: number): number {
    const wanted = Math.max(0, end - Math.max(size, position));
    const granted = Math.min(wanted, Math.max(0, this.spaceLeft));
    this.spaceLeft -= granted;
    this.#charged.set(inode, (this.#charged.get(inode) ?? 0) + granted);
    return end - position - (wanted - granted);
  }

  /** @internal Gives back what a file was charged beyond `length`. */
  refund(inode: number, bytes: number): void {
    const charged = this.#charged.get(inode) ?? 0;
    const back = Math.min(charged, bytes);
    this.#charged.set(inode, charged - back);
    this.spaceLeft += back;
  }

  #hit(operation: DiskOperation, path: string): DiskFault | undefined {
    this.#counts.set(operation, this.count(operation) + 1);
    for (const active of this.#faults) {
      const { on, path: pattern, nth = 1, times = Number.POSITIVE_INFINITY } = active.fault;
      if (on !== operation || pattern?.test(path) === false) continue;
      active.seen += 1;
      if (active.seen >= nth && active.seen < nth + times) return active.fault;
    }
    return undefined;
  }

  #giveBack(inode: number | undefined): void {
    if (inode === undefined) return;
    this.refund(inode, Number.POSITIVE_INFINITY);
    this.#charged.delete(inode);
  }
}

class FaultyFile implements OpenFile {
  readonly path: string;
  readonly #disk: FaultyFileSystem;
  readonly #file: OpenFile;
  readonly #inode: number;

  constructor(disk: FaultyFileSystem, file: OpenFile, inode: number) {
    this.path = file.path;
    this.#disk = disk;
    this.#file = file;
    this.#inode = inode;
  }

  async read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    await this.#disk.enter("read", this.path);
    return this.#file.read(buffer, offset, length, position);
  }

  readNow(buffer: Uint8Array, offset: number, length: number, position: number): number {
    this.#disk.enterNow("read", this.path);
    return this.#file.readNow(buffer, offset, length, position);
  }

  async write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    const fault = await this.#disk.enter("write", this.path);
    const allowed = Math.min(length, fault?.writesOnly ?? length);
    const size = await this.#file.size();
    const fitting = this.#disk.charge(this.#inode, size, position, position + allowed);
    if (fitting === 0 && length > 0) {
      if (allowed === 0) return 0;
      throw systemError("ENOSPC", this.path);
    }
    return this.#file.write(buffer, offset, fitting, position);
  }

  async sync(): Promise<void> {
    await this.#disk.enter("sync", this.path);
    await this.#file.sync();
  }

  async truncate(length: number): Promise<void> {
    await this.#disk.enter("truncate", this.path);
    const size = await this.#file.size();
    await this.#file.truncate(length);
    this.#disk.refund(this.#inode, Math.max(0, size - length));
  }

  size(): Promise<number> {
    return this.#file.size();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** The inode of a file that is about to lose its only name; `undefined` if there is no such file, or it has others. */
async function inodeIfLast(path: string): Promise<number | undefined> {
  try {
    const stats = await fs.lstat(path);
    return stats.isFile() && stats.nlink === 1 ? stats.ino : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: injected, '${path}'`), { code, path });
}
