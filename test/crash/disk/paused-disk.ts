import type { FileSystem, OpenFile } from "../../../src/files/file-system.js";
import { overridden, overriddenFile } from "./overridden-disk.js";

/**
 * What a process asks of its disk, held up while it is paused: a suspended machine, a blocked event loop. What had
 * reached the disk by then takes effect. The rest does when the process goes on, however late that is, whoever owns the
 * files by then, and in the order in which it was asked.
 */
export class PausedDisk {
  #resumed: Promise<void> | undefined;
  #resume: (() => void) | undefined;

  pause(): void {
    this.#resumed ??= new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  resume(): void {
    this.#resume?.();
    this.#resumed = undefined;
    this.#resume = undefined;
  }

  of(disk: FileSystem): FileSystem {
    const held =
      <Values extends readonly unknown[], Result>(call: (...values: Values) => Promise<Result>) =>
      async (...values: Values): Promise<Result> => {
        await this.#resumed;
        return call(...values);
      };
    const heldFile = (file: OpenFile): OpenFile =>
      overriddenFile(file, {
        write: held((...range) => file.write(...range)),
        sync: held(() => file.sync()),
        truncate: held((length) => file.truncate(length)),
      });
    return overridden(disk, {
      open: held(async (path, mode) => heldFile(await disk.open(path, mode))),
      readFile: held((path) => disk.readFile(path)),
      readDirectory: held((path) => disk.readDirectory(path)),
      makeDirectory: held((path) => disk.makeDirectory(path)),
      removeDirectory: held((path) => disk.removeDirectory(path)),
      rename: held((from, to) => disk.rename(from, to)),
      link: held((existing, name) => disk.link(existing, name)),
      remove: held((path) => disk.remove(path)),
      touch: held((path, time) => disk.touch(path, time)),
      syncDirectory: held((path) => disk.syncDirectory(path)),
    });
  }
}
