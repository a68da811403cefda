import type { DiskSpace } from "../../../src/files/file-system.js";
import type { DirectoryInode, FileInode, Inode } from "./inode.js";

/** What a disk gives out at once: a file of one byte takes as much as one of so many. */
export const blockBytes = 4096;

function blocksOf(bytes: number): number {
  return Math.ceil(bytes / blockBytes) * blockBytes;
}

/**
 * The room on a disk, counted as a file system counts it: by the block, whatever names a file has, and for a file
 * without a name until the last one who has it open closes it. A name in a directory that is there costs nothing.
 */
export class DiskRoom {
  readonly #root: DirectoryInode;
  readonly #totalBytes: number;
  /** Files in use, and by how many. */
  readonly #open = new Map<FileInode, number>();
  #bytesOfOthers = 0;

  /** @param freeBytes there are to begin with, beside what the directory tree takes already. */
  constructor(root: DirectoryInode, freeBytes: number) {
    this.#root = root;
    this.#totalBytes = this.#usedBytes() + Math.floor(freeBytes / blockBytes) * blockBytes;
  }

  get space(): DiskSpace {
    const freeBytes = Math.max(0, this.#totalBytes - this.#usedBytes() - this.#bytesOfOthers);
    return { freeBytes, totalBytes: this.#totalBytes };
  }

  /** Programs beside the one under test take all that is free, or give back what they took. */
  set isTakenByOthers(isTaken: boolean) {
    this.#bytesOfOthers = isTaken ? this.#bytesOfOthers + this.space.freeBytes : 0;
  }

  /** How long a file may become, with what is free. */
  longest(file: FileInode): number {
    return blocksOf(file.bytes.length) + Math.floor(this.space.freeBytes / blockBytes) * blockBytes;
  }

  get hasBlock(): boolean {
    return this.space.freeBytes >= blockBytes;
  }

  opened(file: FileInode): void {
    this.#open.set(file, (this.#open.get(file) ?? 0) + 1);
  }

  closed(file: FileInode): void {
    const users = (this.#open.get(file) ?? 0) - 1;
    if (users > 0) this.#open.set(file, users);
    else this.#open.delete(file);
  }

  #usedBytes(): number {
    const counted = new Set<Inode>();
    let used = 0;
    const count = (inode: Inode): void => {
      if (counted.has(inode)) return;
      counted.add(inode);
      if (inode.kind === "file") used += blocksOf(inode.bytes.length);
      if (inode.kind !== "directory") return;
      used += blockBytes;
      for (const entry of inode.entries.values()) count(entry);
    };
    count(this.#root);
    for (const file of this.#open.keys()) count(file);
    return used;
  }
}
