import { basename, join } from "node:path";
import type { FileSystem } from "../files/file-system.js";
import { Layout } from "../files/layout.js";

/** The names a watcher needs. A sidecar may see nothing but this folder. */
export interface StatusFolder {
  readonly path: string;
  readonly startupStatus: string;
  readonly aliveSocket: string;
}

/**
 * Finds the `status` folder of what was given: a state directory, or that folder mounted alone under any name. Asked
 * again at each look, because the answer changes when the directory is created: an empty mount point is taken for a
 * state directory until its first status appears in it.
 */
export async function locateStatusFolder(fileSystem: FileSystem, directory: string): Promise<StatusFolder> {
  const whole = new Layout(directory);
  const inside = statusFolderAt(whole.status);
  if (await exists(fileSystem, inside.path)) return inside;
  const alone = statusFolderAt(directory);
  if (basename(directory) === basename(inside.path)) return alone;
  if (await exists(fileSystem, alone.startupStatus)) return alone;
  if (await exists(fileSystem, alone.aliveSocket)) return alone;
  return inside;
}

function statusFolderAt(path: string): StatusFolder {
  const layout = new Layout(path);
  return {
    path,
    startupStatus: join(path, basename(layout.startupStatus)),
    aliveSocket: join(path, basename(layout.aliveSocket)),
  };
}

async function exists(fileSystem: FileSystem, path: string): Promise<boolean> {
  return (await fileSystem.status(path)) !== undefined;
}
