import { watch, type FSWatcher } from "node:fs";
import { stat } from "node:fs/promises";
import { isAbsent } from "./node-file-system.js";

export interface DirectoryListener {
  /**
   * Something may have changed. How often is not said: events are merged, doubled and lost.
   *
   * @param name of what changed in the folder, if the system tells.
   */
  changed(name: string | undefined): void;
  /** The system gives no more hints: too many watches (`ENOSPC`), too many open files (`EMFILE`), or the folder went away. */
  failed(error: Error): void;
}

export interface DirectoryWatch {
  close(): void;
}

/**
 * Asks the system for hints about one folder, without its subfolders. Does not keep the process alive.
 *
 * @returns `undefined`, having called `failed`, if the system refuses.
 */
export function watchDirectory(path: string, listener: DirectoryListener): DirectoryWatch | undefined {
  let watcher: FSWatcher;
  try {
    watcher = watch(path, { persistent: false });
  } catch (error) {
    listener.failed(error instanceof Error ? error : new Error(String(error)));
    return undefined;
  }
  watcher.on("change", (_, name) => {
    listener.changed(typeof name === "string" ? name : undefined);
  });
  watcher.on("error", (error) => {
    watcher.close();
    listener.failed(error);
  });
  return watcher;
}

/**
 * Tells one folder from another that later takes its name. The inode alone does not: a number is given out again as
 * soon as it is free.
 *
 * @returns `undefined` if there is no such folder.
 */
export async function directoryIdentity(path: string): Promise<string | undefined> {
  try {
    const { dev, ino, birthtimeNs } = await stat(path, { bigint: true });
    return `${String(dev)}:${String(ino)}:${String(birthtimeNs)}`;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
