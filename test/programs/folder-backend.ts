import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { VectorBackend } from "holdfast";

/** A vector backend that outlives the process that uses it: each collection is a folder. */
export class FolderBackend implements VectorBackend {
  readonly name = "folder";
  readonly #folder: string;
  /** Called before and after each change; the change waits for it. */
  readonly #reached: (step: string) => Promise<void>;

  constructor(folder: string, reached: (step: string) => Promise<void> = () => Promise.resolve()) {
    this.#folder = folder;
    this.#reached = reached;
  }

  list(): Promise<readonly string[]> {
    return readdir(this.#folder);
  }

  async create(collection: string): Promise<void> {
    await this.#reached("before create");
    await mkdir(join(this.#folder, collection), { recursive: true });
    await this.#reached("after create");
  }

  async delete(collection: string): Promise<void> {
    await this.#reached("before delete");
    await rm(join(this.#folder, collection), { recursive: true, force: true });
    await this.#reached("after delete");
  }
}
