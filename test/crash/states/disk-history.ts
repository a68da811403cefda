import { rootInode } from "../disk/directory-tree.js";
import type { DiskEvent } from "../disk/disk-event.js";
import type { DiskImage, ImageDirectory, ImageNode } from "../disk/disk-image.js";
import { FileHistory, type FileChange } from "./file-history.js";
import { NameHistory, type NameChange, type NameEffect, type Names } from "./name-history.js";

/** How a crash comes out: which names and which bytes of those in doubt are on the disk afterwards. */
export interface CrashChoice {
  readonly isNameKept: (effect: NameEffect, change: NameChange) => boolean;
  readonly content: (file: FileHistory) => Buffer;
}

type InodeType = "file" | "directory" | "socket";

/** A disk as far as a crash is concerned: what is on it for certain, and what was done since. Follows the events. */
export class DiskHistory {
  #names: NameHistory;
  readonly #files = new Map<number, FileHistory>();
  readonly #types = new Map<number, InodeType>();
  /** What the calls under way will make certain when they end. */
  readonly #calls = new Map<number, () => void>();

  private constructor(names: NameHistory) {
    this.#names = names;
    this.#types.set(rootInode, "directory");
  }

  /** A disk on which everything is certain. */
  static of(image: DiskImage | undefined): DiskHistory {
    const names: Names = new Map();
    const history = new DiskHistory(new NameHistory(names));
    const visit = (directory: ImageDirectory): void => {
      const entries = new Map<string, number>();
      names.set(directory.number, entries);
      for (const [name, node] of directory.entries) {
        entries.set(name, node.number);
        history.#types.set(node.number, node.kind);
        if (node.kind === "file") history.#files.set(node.number, new FileHistory(node.bytes));
        if (node.kind === "directory") visit(node);
      }
    };
    if (image !== undefined) visit(image);
    return history;
  }

  /**
   * This disk, with whatever is in doubt still so: a process may die, and the machine go on. Calls under way never end.
   */
  clone(): DiskHistory {
    const copy = new DiskHistory(this.#names.clone());
    for (const [number, file] of this.#files) copy.#files.set(number, file.clone());
    for (const [number, type] of this.#types) copy.#types.set(number, type);
    return copy;
  }

  follow(event: DiskEvent): void {
    switch (event.kind) {
      case "add":
        this.#types.set(event.inode, event.type);
        if (event.type === "file" && !this.#files.has(event.inode)) this.#files.set(event.inode, new FileHistory());
        this.#names.change({ directory: event.directory, name: event.name, inode: event.inode });
        break;
      case "remove":
        this.#names.change({ directory: event.directory, name: event.name, inode: undefined });
        break;
      case "rename":
        this.#names.change({ ...event.from, inode: undefined }, { ...event.to, inode: event.inode });
        break;
      case "write": {
        const file = this.#file(event.inode);
        const change: FileChange = { kind: "write", position: event.position, bytes: event.bytes, settled: false };
        file.change(change);
        if (event.through) {
          this.#calls.set(event.call, () => {
            file.settled(change);
          });
        }
        break;
      }
      case "truncate":
        this.#file(event.inode).change({ kind: "truncate", length: event.length });
        break;
      case "sync": {
        const file = this.#file(event.inode);
        const newest = file.newestChange;
        this.#calls.set(event.call, () => {
          file.synced(newest);
        });
        break;
      }
      case "sync-directory": {
        const effects = this.#names.inDirectory(event.directory);
        this.#calls.set(event.call, () => {
          this.#names.synced(effects);
        });
        break;
      }
      case "end":
        this.#calls.get(event.call)?.();
        this.#calls.delete(event.call);
        break;
      case "acknowledged":
      case "opened":
      case "closed":
        break;
    }
  }

  /** Operations on names that a crash may undo. */
  get pendingNames(): readonly NameChange[] {
    return this.#names.pending;
  }

  /** How many of {@link pendingNames} a file system cannot lose that keeps them in order. */
  get namesCertainInOrder(): number {
    return this.#names.certainInOrder;
  }

  /** The files of which something is in doubt, and that have a name or may have one. */
  get filesInDoubt(): FileHistory[] {
    const named = new Set<number>();
    for (const entries of this.#names.chosen(() => true).values())
      for (const inode of entries.values()) named.add(inode);
    for (const { effects } of this.#names.pending)
      for (const { inode } of effects) if (inode !== undefined) named.add(inode);
    return [...this.#files].filter(([number, { inDoubt }]) => inDoubt > 0 && named.has(number)).map(([, file]) => file);
  }

  image({ isNameKept, content }: CrashChoice): DiskImage {
    const names = this.#names.chosen(isNameKept);
    const built = new Map<number, ImageNode>();
    const build = (number: number): ImageNode => {
      const known = built.get(number);
      if (known !== undefined) return known;
      const type = this.#types.get(number);
      let node: ImageNode;
      if (type === "file") node = { kind: "file", number, bytes: content(this.#file(number)), modifiedAtMs: 0 };
      else if (type === "socket") node = { kind: "socket", number, modifiedAtMs: 0 };
      else {
        const entries = new Map<string, ImageNode>();
        for (const [name, inode] of names.get(number) ?? []) entries.set(name, build(inode));
        node = { kind: "directory", number, entries, modifiedAtMs: 0 };
      }
      built.set(number, node);
      return node;
    };
    return build(rootInode) as DiskImage;
  }

  #file(number: number): FileHistory {
    const file = this.#files.get(number);
    if (file === undefined) throw new Error(`the log changes a file ${number} that was never made`);
    return file;
  }
}
