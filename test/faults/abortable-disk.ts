import { execFile } from "node:child_process";
import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "../support/temporary-folder.js";

const run = promisify(execFile);
const imageBytes = 24 * 1024 * 1024;

/** A disk that the kernel makes read-only under whoever has files of it open, as it does when a disk reports errors. */
export interface AbortableDisk extends AsyncDisposable {
  /** A state directory on it. */
  readonly directory: string;
  /** From now on every write is refused with `EROFS`, also through descriptors that are open for writing. */
  abort(): Promise<void>;
  /** Takes the disk away and brings it back, writable and with what was on it. Nobody may have files of it open. */
  mountAnew(): Promise<void>;
}

/**
 * An ext4 file system in a file, mounted for the test. An ordinary remount is refused while a file is open for writing;
 * `abort` is what the kernel itself does after an error, and asks nobody.
 *
 * @returns `undefined` where mounting such a thing is not allowed.
 */
export async function abortableDisk(): Promise<AbortableDisk | undefined> {
  const folder = await temporaryFolder();
  const image = folder.at("image");
  const mountPoint = folder.at("disk");
  await mkdir(mountPoint);
  await writeFile(image, "");
  await truncate(image, imageBytes);
  const mount = (): Promise<unknown> => run("mount", ["-o", "loop", image, mountPoint]);
  const unmount = (): Promise<unknown> => run("umount", [mountPoint]);
  try {
    await run("mkfs.ext4", ["-q", "-E", "root_owner=0:0", image]);
    await mount();
  } catch {
    await folder[Symbol.asyncDispose]();
    return undefined;
  }
  return {
    directory: join(mountPoint, "state"),
    abort: async () => {
      await run("mount", ["-o", "remount,abort", mountPoint]);
    },
    async mountAnew() {
      await unmount();
      await mount();
    },
    async [Symbol.asyncDispose]() {
      await run("umount", ["--lazy", mountPoint]);
      await folder[Symbol.asyncDispose]();
    },
  };
}
