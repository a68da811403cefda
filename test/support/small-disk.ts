import { execFile } from "node:child_process";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { FileSystem } from "../../src/files/file-system.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";
import { FaultyFileSystem } from "../faults/faulty-file-system.js";
import { temporaryFolder } from "./temporary-folder.js";

const run = promisify(execFile);

/** A disk that can be full. */
export interface SmallDisk extends AsyncDisposable {
  /** A state directory on it. */
  readonly directory: string;
  readonly fileSystem: FileSystem;
  /** Takes all the space that is left. */
  fill(): Promise<void>;
  /** Gives it back. */
  free(): Promise<void>;
}

const mountedMebibytes = 8;
/** Less, because here each flush is one of a real disk. */
const countedBytes = 3 * 1024 * 1024;

export interface MountedDisk extends SmallDisk {
  remountReadOnly(): Promise<void>;
}

/** A file system of a few MiB that the kernel keeps, mounted for the test. @returns `undefined` where that is not allowed. */
export async function mountedDisk(): Promise<MountedDisk | undefined> {
  const folder = await temporaryFolder();
  const mountPoint = folder.at("disk");
  await mkdir(mountPoint);
  try {
    await run("mount", ["-t", "tmpfs", "-o", `size=${mountedMebibytes}m`, "tmpfs", mountPoint]);
  } catch {
    await folder[Symbol.asyncDispose]();
    return undefined;
  }
  const ballast = join(mountPoint, "ballast");
  return {
    directory: join(mountPoint, "state"),
    fileSystem: nodeFileSystem,
    async fill() {
      const file = await open(ballast, "a");
      try {
        for (let size = 256 * 1024; size >= 1; size = Math.floor(size / 4))
          await writeUntilFull(file, Buffer.alloc(size));
      } finally {
        await file.close();
      }
    },
    free: () => rm(ballast, { force: true }),
    async remountReadOnly() {
      await run("mount", ["-o", "remount,ro", mountPoint]);
    },
    async [Symbol.asyncDispose]() {
      await run("umount", ["--lazy", mountPoint]);
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function writeUntilFull(file: Awaited<ReturnType<typeof open>>, bytes: Buffer): Promise<void> {
  for (;;) {
    try {
      await file.write(bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOSPC") return;
      throw error;
    }
  }
}

export interface CountedDisk extends SmallDisk {
  readonly fileSystem: FaultyFileSystem;
}

/** An ordinary disk whose space is counted. */
export async function countedDisk(): Promise<CountedDisk> {
  const folder = await temporaryFolder();
  const disk = new FaultyFileSystem();
  disk.spaceLeft = countedBytes;
  let taken = 0;
  return {
    directory: folder.at("state"),
    fileSystem: disk,
    fill() {
      taken += disk.spaceLeft;
      disk.spaceLeft = 0;
      return Promise.resolve();
    },
    free() {
      disk.spaceLeft += taken;
      taken = 0;
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
