import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { HoldfastError } from "../errors.js";
import { writeFully, type FileSystem, type OpenFile } from "../files/file-system.js";
import { hashOfFile } from "../files/hash-of-file.js";
import { makeDirectories } from "../files/make-directories.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import type { BackupFile } from "./backup-list.js";

const chunkBytes = 256 * 1024;
/** What a volume brings with it. */
const ignored = new Set(["lost+found"]);

/**
 * A folder that is filled from nothing, in which every file is known with its size and hash. Files are created
 * exclusively and synced one by one; their names are durable after {@link syncFolders}. What makes the whole count is
 * written last, by the caller.
 */
export class BackupTree {
  readonly root: string;
  readonly #fileSystem: FileSystem;
  readonly #files = new Map<string, BackupFile>();
  /** Folders made here, parents before children. */
  readonly #folders = new Map<string, Promise<void>>();
  readonly #unsynced = new Set<string>();

  private constructor(fileSystem: FileSystem, root: string) {
    this.#fileSystem = fileSystem;
    this.root = root;
  }

  /** @throws HoldfastError `INVALID_CONFIG` if there is something in the folder already. */
  static async begin(fileSystem: FileSystem, root: string, purpose: string): Promise<BackupTree> {
    const status = await fileSystem.status(root);
    if (status === undefined) await makeDirectories(fileSystem, root);
    const names = status === undefined ? [] : await namesIn(fileSystem, root);
    if (names.some((name) => !ignored.has(name))) {
      throw new HoldfastError(
        "INVALID_CONFIG",
        `${root} is not empty (${names
          .slice(0, 5)
          .map((name) => JSON.stringify(name))
          .join(", ")}). ${purpose} goes into a new or an empty folder; this one was left as it is.`,
        { details: { directory: root } },
      );
    }
    return new BackupTree(fileSystem, root);
  }

  /** Sorted by path. */
  get files(): BackupFile[] {
    return [...this.#files.values()].sort((left, right) => (left.path < right.path ? -1 : 1));
  }

  get(path: string): BackupFile | undefined {
    return this.#files.get(path);
  }

  /** Writes a file, in the place of an earlier one of this path if there was one. */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    await this.remove(path);
    await this.#create(path, async (file) => {
      await writeFully(file, bytes, 0);
      return { path, size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
    });
  }

  /**
   * Copies a file from elsewhere.
   *
   * @returns its size and hash as they were read; rejects with the system's `ENOENT` if there is no such file.
   */
  async copy(path: string, source: string): Promise<BackupFile> {
    const from = await this.#fileSystem.open(source, "read");
    try {
      return await this.copyOpen(path, from);
    } finally {
      await from.close();
    }
  }

  /** {@link copy} of a file that is open, and may have no name any more. */
  async copyOpen(path: string, from: Pick<OpenFile, "read">): Promise<BackupFile> {
    return await this.#create(path, async (file) => {
      const hash = createHash("sha256");
      const buffer = Buffer.allocUnsafe(chunkBytes);
      let size = 0;
      for (;;) {
        const count = await from.read(buffer, 0, chunkBytes, size);
        if (count === 0) return { path, size, sha256: hash.digest("hex") };
        const chunk = buffer.subarray(0, count);
        hash.update(chunk);
        await writeFully(file, chunk, size);
        size += count;
      }
    });
  }

  /** Takes in a file that somebody else has written here, whole and synced. */
  async include(path: string): Promise<void> {
    const place = join(this.root, path);
    this.#files.set(path, { path, size: 0, sha256: "" });
    this.#unsynced.add(dirname(place));
    const size = (await this.#fileSystem.status(place))?.size ?? 0;
    this.#files.set(path, { path, size, sha256: await hashOfFile(this.#fileSystem, place) });
  }

  async remove(path: string): Promise<void> {
    if (!this.#files.delete(path)) return;
    await this.#fileSystem.remove(join(this.root, path));
    this.#unsynced.add(dirname(join(this.root, path)));
  }

  async makeFolder(path: string): Promise<void> {
    await this.#folder(join(this.root, path));
  }

  /** Makes every name so far durable. */
  async syncFolders(): Promise<void> {
    for (const folder of [...this.#unsynced]) {
      await this.#fileSystem.syncDirectory(folder);
      this.#unsynced.delete(folder);
    }
  }

  /** Takes away all that was made here, after a failure: what is left over must not look like something. */
  async discard(): Promise<void> {
    for (const path of [...this.#files.keys()]) await removeIfPresent(this.#fileSystem, join(this.root, path));
    this.#files.clear();
    for (const folder of [...this.#folders.keys()].reverse()) {
      if ((await this.#fileSystem.status(folder)) !== undefined) await this.#fileSystem.removeDirectory(folder);
    }
    this.#folders.clear();
  }

  async #create(path: string, fill: (file: OpenFile) => Promise<BackupFile>): Promise<BackupFile> {
    const place = join(this.root, path);
    await this.#folder(dirname(place));
    const file = await this.#fileSystem.open(place, "create");
    // Known from here on: should it fail half-way, it is discarded with the rest.
    this.#files.set(path, { path, size: 0, sha256: "" });
    this.#unsynced.add(dirname(place));
    try {
      const written = await fill(file);
      await file.sync();
      const size = await file.size();
      if (size !== written.size) throw new Error(`${place} holds ${size} bytes instead of ${written.size}`);
      this.#files.set(path, written);
      return written;
    } finally {
      await file.close();
    }
  }

  /** Made once, however many ask for it at the same time. */
  async #folder(path: string): Promise<void> {
    if (path === this.root) return;
    let made = this.#folders.get(path);
    if (made === undefined) {
      const parent = dirname(path);
      made = this.#folder(parent).then(async () => {
        await this.#fileSystem.makeDirectory(path);
        this.#unsynced.add(parent);
      });
      // Parents stand before their children, because asking for the parent came first.
      this.#folders.set(path, made);
    }
    await made;
  }
}

async function namesIn(fileSystem: FileSystem, root: string): Promise<string[]> {
  try {
    return (await fileSystem.readDirectory(root)).map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOTDIR") throw error;
    throw new HoldfastError("INVALID_CONFIG", `${root} is not a folder.`, { cause: error });
  }
}
