import { basename, join, relative } from "node:path";
import type { Clock } from "../files/clock.js";
import { writeFully, type FileSystem } from "../files/file-system.js";
import type { Layout } from "../files/layout.js";
import { makeDirectories } from "../files/make-directories.js";

/**
 * Sets aside what could not be trusted: `quarantine/<when>-<why>/`, with an `about.json` that says where it came from.
 * Nothing is ever deleted from there.
 */
export class Quarantine {
  readonly #fileSystem: FileSystem;
  readonly #layout: Layout;
  readonly #clock: Clock;
  #count = 0;

  constructor(fileSystem: FileSystem, layout: Layout, clock: Clock) {
    this.#fileSystem = fileSystem;
    this.#layout = layout;
    this.#clock = clock;
  }

  /** Moves a file there. @returns its new place, relative to the state directory. */
  async move(path: string, why: string, detail: string): Promise<string> {
    const folder = await this.#folder(why);
    await this.#describe(folder, { from: relative(this.#layout.root, path), why, detail });
    const target = join(folder, basename(path));
    await this.#fileSystem.rename(path, target);
    await this.#fileSystem.syncDirectory(folder);
    return relative(this.#layout.root, target);
  }

  /** Gives a file a second name there, where it stays when another takes the first. @returns the new one, relative. */
  async link(path: string, why: string, detail: string): Promise<string> {
    const folder = await this.#folder(why);
    await this.#describe(folder, { from: relative(this.#layout.root, path), why, detail });
    const target = join(folder, basename(path));
    await this.#fileSystem.link(path, target);
    await this.#fileSystem.syncDirectory(folder);
    return relative(this.#layout.root, target);
  }

  /** Copies bytes of a file there. @returns their place, relative to the state directory. */
  async keep(bytes: Uint8Array, path: string, offset: number, why: string, detail: string): Promise<string> {
    const folder = await this.#folder(why);
    await this.#describe(folder, {
      from: relative(this.#layout.root, path),
      offset,
      length: bytes.length,
      why,
      detail,
    });
    const target = join(folder, `${basename(path)}.bytes`);
    await this.#create(target, bytes);
    await this.#fileSystem.syncDirectory(folder);
    return relative(this.#layout.root, target);
  }

  /**
   * Copies lines of a file there, one behind the other. @returns their place, relative to the state directory.
   *
   * @param bytesOf reads one of them.
   */
  async keepLines<Line extends { readonly id: string; readonly offset: number; readonly length: number }>(
    path: string,
    lines: readonly Line[],
    bytesOf: (line: Line) => Promise<Uint8Array>,
    why: string,
    detail: string,
  ): Promise<string> {
    const folder = await this.#folder(why);
    await this.#describe(folder, {
      from: relative(this.#layout.root, path),
      lines: lines.map(({ id, offset, length }) => ({ id, offset, length })),
      why,
      detail,
    });
    const target = join(folder, `${basename(path)}.bytes`);
    const file = await this.#fileSystem.open(target, "create");
    try {
      let position = 0;
      for (const line of lines) {
        await writeFully(file, await bytesOf(line), position);
        position += line.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#fileSystem.syncDirectory(folder);
    return relative(this.#layout.root, target);
  }

  async #folder(why: string): Promise<string> {
    const when = new Date(this.#clock.now()).toISOString().replaceAll(":", "").replace(".", "");
    for (;;) {
      this.#count += 1;
      const folder = join(this.#layout.quarantine, `${when}-${String(this.#count).padStart(3, "0")}-${why}`);
      if ((await this.#fileSystem.status(folder)) !== undefined) continue;
      await makeDirectories(this.#fileSystem, folder);
      return folder;
    }
  }

  async #describe(folder: string, about: object): Promise<void> {
    await this.#create(join(folder, "about.json"), Buffer.from(`${JSON.stringify(about, null, 2)}\n`));
  }

  async #create(path: string, bytes: Uint8Array): Promise<void> {
    const file = await this.#fileSystem.open(path, "create");
    try {
      await writeFully(file, bytes, 0);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
