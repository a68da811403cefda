import type { FileSystem } from "../../src/files/file-system.js";
import { systemClock } from "../../src/files/clock.js";
import { Layout } from "../../src/files/layout.js";
import { makeDirectories } from "../../src/files/make-directories.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { DirectoryLock, type LockOptions } from "../../src/locking/directory-lock.js";
import { temporaryFolder } from "../support/temporary-folder.js";

/** A directory whose lock is taken as often as a test likes, without a store; all is given back when its scope ends. */
export interface LockFolder extends AsyncDisposable {
  readonly layout: Layout;
  acquire(options?: Partial<LockOptions>): Promise<DirectoryLock>;
}

export async function lockFolder(): Promise<LockFolder> {
  const folder = await temporaryFolder();
  const layout = new Layout(folder.at("state"));
  await makeDirectories(nodeFileSystem, layout.root);
  const acquired: DirectoryLock[] = [];
  return {
    layout,
    async acquire(options = {}) {
      const lock = await DirectoryLock.acquire({
        fileSystem: nodeFileSystem,
        layout,
        clock: systemClock,
        storeId: null,
        leastEpoch: 0,
        waitMs: 0,
        takeOver: undefined,
        heartbeatMs: 2_000,
        staleAfterMs: 10_000,
        ...options,
      });
      acquired.push(lock);
      return lock;
    },
    async [Symbol.asyncDispose]() {
      for (const lock of acquired) await lock.release();
      await folder[Symbol.asyncDispose]();
    },
  };
}

type Held = "link" | "rename" | "remove" | "open" | "makeDirectory" | "readDirectory";

/** Something on its way to the disk that a test holds up. */
export class Gate {
  readonly #matches: (operation: Held, path: string) => boolean;
  readonly #reached: Promise<void>;
  #markReached!: () => void;
  readonly #opened: Promise<void>;
  #open!: () => void;
  #passed = false;

  /** @param matches which operation is the one to hold up; the first that matches is, and no other. */
  constructor(matches: (operation: Held, path: string) => boolean) {
    this.#matches = matches;
    this.#reached = new Promise((resolve) => {
      this.#markReached = resolve;
    });
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** Resolves once the operation waits at the gate. */
  get reached(): Promise<void> {
    return this.#reached;
  }

  open(): void {
    this.#open();
  }

  /** The machine's files, seen through the gate. */
  fileSystem(): FileSystem {
    const through = async (operation: Held, path: string): Promise<void> => {
      if (this.#passed || !this.#matches(operation, path)) return;
      this.#passed = true;
      this.#markReached();
      await this.#opened;
    };
    return {
      ...nodeFileSystem,
      async link(existing, name) {
        await through("link", name);
        await nodeFileSystem.link(existing, name);
      },
      async rename(from, to) {
        await through("rename", to);
        await nodeFileSystem.rename(from, to);
      },
      async remove(path) {
        await through("remove", path);
        await nodeFileSystem.remove(path);
      },
      async open(path, mode) {
        await through("open", path);
        return nodeFileSystem.open(path, mode);
      },
      async readDirectory(path) {
        await through("readDirectory", path);
        return nodeFileSystem.readDirectory(path);
      },
      async makeDirectory(path) {
        await through("makeDirectory", path);
        await nodeFileSystem.makeDirectory(path);
      },
    };
  }
}
