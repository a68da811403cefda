import { dirname } from "node:path";
import { writeFully, type FileSystem } from "./file-system.js";
import { temporaryName } from "./temporary-name.js";

/**
 * Writes a file beside its place, whole and synced, and renames it there. A reader sees the old bytes or the new ones.
 *
 * A crash before the rename leaves the old file and a temporary one, which recovery sweeps; after it, the new file.
 * The *name* is durable only once the folder has been synced, which is the caller's: a checkpoint replaces many files
 * and syncs their folder once.
 */
export async function replaceFile(fileSystem: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  await publish(fileSystem, path, bytes, (temporary) => fileSystem.rename(temporary, path));
}

/** {@link replaceFile}, and the folder synced: when this resolves, the new content survives a power loss. */
export async function replaceFileDurably(fileSystem: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  await replaceFile(fileSystem, path, bytes);
  await fileSystem.syncDirectory(dirname(path));
}

/**
 * Creates a file that did not exist, whole and durable. Of all that try one name, in any process, one succeeds, and
 * nobody ever sees the file without its content.
 *
 * @returns false if the name was taken.
 */
export async function createFileDurably(fileSystem: FileSystem, path: string, bytes: Uint8Array): Promise<boolean> {
  const created = await publish(fileSystem, path, bytes, async (temporary) => {
    const linked = await linkExclusively(fileSystem, temporary, path);
    await fileSystem.remove(temporary);
    return linked;
  });
  if (created) await fileSystem.syncDirectory(dirname(path));
  return created;
}

/** A link, not a rename: it is refused if the name exists. */
async function linkExclusively(fileSystem: FileSystem, existing: string, name: string): Promise<boolean> {
  try {
    await fileSystem.link(existing, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function publish<Result>(
  fileSystem: FileSystem,
  path: string,
  bytes: Uint8Array,
  install: (temporary: string) => Promise<Result>,
): Promise<Result> {
  const temporary = temporaryName(path);
  try {
    const file = await fileSystem.open(temporary, "create");
    try {
      await writeFully(file, bytes, 0);
      await file.sync();
      const size = await file.size();
      if (size !== bytes.length) throw new Error(`${temporary} holds ${size} bytes instead of ${bytes.length}`);
    } finally {
      await file.close();
    }
    return await install(temporary);
  } catch (error) {
    // On a full disk the half-written file would keep the very space that is missing. It may already have been renamed
    // or never been made; whatever is left, recovery sweeps: the first error is the one to tell.
    await fileSystem.remove(temporary).catch((removal: unknown) => {
      if (error instanceof Error) error.cause ??= removal;
    });
    throw error;
  }
}
