import type { DiskImage, ImageDirectory, ImageNode } from "./disk-image.js";
import type { DirectoryInode, FileInode, Inode, SocketInode } from "./inode.js";
import { systemError } from "./system-error.js";

/** The number of the root directory. */
export const rootInode = 1;

/** Whether the first path lies below the second. */
export function isBelow(path: string, ancestor: string): boolean {
  return path.startsWith(`${ancestor}/`);
}

/** The names of a mounted disk, and how a path finds its inode. There are no symbolic links. */
export class DirectoryTree {
  readonly #mountPoint: string;
  readonly #root: DirectoryInode;
  readonly #now: () => number;
  /** The names on the way of each path that was asked for: the same few are, again and again. */
  readonly #paths = new Map<string, readonly string[]>();
  #lastInode = rootInode;

  constructor(mountPoint: string, image: DiskImage | undefined, now: () => number) {
    this.#mountPoint = mountPoint;
    this.#now = now;
    this.#root =
      image === undefined
        ? { kind: "directory", number: rootInode, entries: new Map(), modifiedAtMs: now() }
        : this.#mount(image, new Map());
  }

  /** @throws the system's `ENOENT` or `ENOTDIR` */
  find(path: string, call: string): Inode {
    let inode: Inode = this.#root;
    for (const name of this.#namesOf(path, call)) {
      if (inode.kind !== "directory") throw systemError("ENOTDIR", call, path);
      const next = inode.entries.get(name);
      if (next === undefined) throw systemError("ENOENT", call, path);
      inode = next;
    }
    return inode;
  }

  /** As {@link find}; `undefined` where it would throw. */
  peek(path: string): Inode | undefined {
    let inode: Inode = this.#root;
    for (const name of this.#namesOf(path, "stat")) {
      const next: Inode | undefined = inode.kind === "directory" ? inode.entries.get(name) : undefined;
      if (next === undefined) return undefined;
      inode = next;
    }
    return inode;
  }

  /** The directory that a name is in or would be in. @throws the system's `ENOENT` or `ENOTDIR` */
  placeOf(path: string, call: string): { readonly directory: DirectoryInode; readonly name: string } {
    const end = path.lastIndexOf("/");
    if (path.length <= this.#mountPoint.length) throw systemError("EBUSY", call, path);
    const directory = this.find(path.slice(0, end), call);
    if (directory.kind !== "directory") throw systemError("ENOTDIR", call, path);
    return { directory, name: path.slice(end + 1) };
  }

  newFile(): FileInode {
    return {
      kind: "file",
      number: this.#nextInode(),
      bytes: Buffer.alloc(0),
      room: undefined,
      modifiedAtMs: this.#now(),
    };
  }

  newDirectory(): DirectoryInode {
    return { kind: "directory", number: this.#nextInode(), entries: new Map(), modifiedAtMs: this.#now() };
  }

  newSocket(): SocketInode {
    return { kind: "socket", number: this.#nextInode(), modifiedAtMs: this.#now() };
  }

  image(): DiskImage {
    return imageOf(this.#root, new Map()) as ImageDirectory;
  }

  #nextInode(): number {
    this.#lastInode += 1;
    return this.#lastInode;
  }

  get root(): DirectoryInode {
    return this.#root;
  }

  #namesOf(path: string, call: string): readonly string[] {
    const known = this.#paths.get(path);
    if (known !== undefined) return known;
    // Nothing that is under test may reach past its own directory without being noticed.
    if (path !== this.#mountPoint && !isBelow(path, this.#mountPoint)) throw systemError("EPERM", call, path);
    const names = path === this.#mountPoint ? [] : path.slice(this.#mountPoint.length + 1).split("/");
    this.#paths.set(path, names);
    return names;
  }

  /** @param mounted files by inode number: one file may have two names. */
  #mount(directory: ImageDirectory, mounted: Map<number, Inode>): DirectoryInode {
    this.#lastInode = Math.max(this.#lastInode, directory.number);
    const entries = new Map<string, Inode>();
    for (const [name, node] of directory.entries) {
      let inode = mounted.get(node.number);
      if (inode === undefined) {
        this.#lastInode = Math.max(this.#lastInode, node.number);
        if (node.kind === "directory") inode = this.#mount(node, mounted);
        else if (node.kind === "socket") inode = { ...node };
        else inode = { ...node, room: undefined };
        mounted.set(node.number, inode);
      }
      entries.set(name, inode);
    }
    return { kind: "directory", number: directory.number, entries, modifiedAtMs: directory.modifiedAtMs };
  }
}

function imageOf(inode: Inode, taken: Map<number, ImageNode>): ImageNode {
  const known = taken.get(inode.number);
  if (known !== undefined) return known;
  const { number, modifiedAtMs } = inode;
  let node: ImageNode;
  if (inode.kind === "directory") {
    const entries = new Map([...inode.entries].map(([name, entry]) => [name, imageOf(entry, taken)]));
    node = { kind: "directory", number, entries, modifiedAtMs };
  } else if (inode.kind === "file") {
    // From here on the bytes belong to the image: the next write makes its own.
    inode.room = undefined;
    node = { kind: "file", number, bytes: inode.bytes, modifiedAtMs };
  } else node = { kind: "socket", number, modifiedAtMs };
  taken.set(number, node);
  return node;
}
