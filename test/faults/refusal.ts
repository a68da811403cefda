import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { promisify } from "node:util";
import type { ErrorCode } from "../../src/errors.js";
import { StateProcess } from "../support/state-process.js";

const run = promisify(execFile);

/** A way in which the system itself refuses a running process what it needs, and takes the refusal back. */
export interface Refusal {
  readonly what: string;
  readonly systemCode: "EMFILE" | "EROFS" | "EACCES";
  /** What is said of it where the outcome is known. */
  readonly answer: ErrorCode;
  /** Starts the process; it can write into folders that are made by {@link folderFor}. @returns why not, if not. */
  start(): Promise<StateProcess | string>;
  /** Makes a folder that such a process may write into. */
  folderFor(path: string): Promise<void>;
  /** @param folder where, at least, nothing can be opened for writing or made from now on. @returns how to end that. */
  refuse(process: StateProcess, folder: string): Promise<() => Promise<void>>;
}

const nobody = 65534;
const isRoot = process.getuid?.() === 0;
/** Enough for Node to load its modules, many of them at once, and soon used up. */
const fewDescriptors = 512;

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
}

export const tooManyOpenFiles: Refusal = {
  what: "too many open files",
  systemCode: "EMFILE",
  answer: "STORAGE_FAILED",
  start: () => StateProcess.start({ within: ["bash", "-c", `ulimit -n ${fewDescriptors}; exec "$@"`, "bash"] }),
  folderFor: makeFolder,
  async refuse(process) {
    const { code } = await process.do({ takeDescriptors: true });
    if (code !== "EMFILE") throw new Error(`descriptors ended with ${String(code)}`);
    return async () => {
      await process.do({ giveDescriptors: true });
    };
  },
};

const readOnlyFolder: Refusal = {
  what: "a file system that is read-only from now on",
  systemCode: "EROFS",
  answer: "READ_ONLY",
  async start() {
    try {
      // The same kind of mount, where it hurts nobody.
      await run("unshare", ["--mount", "mount", "--bind", "/tmp", "/tmp"]);
    } catch {
      return "mounting is not allowed here";
    }
    return StateProcess.start();
  },
  folderFor: makeFolder,
  async refuse(process, folder) {
    // A mount of its own, since one with a file open for writing is not made read-only: and the process is held up so
    // that it opens none between the two steps.
    process.pause();
    try {
      await run("mount", ["--bind", folder, folder]);
      await run("mount", ["-o", "remount,ro,bind", folder]);
    } finally {
      process.resume();
    }
    return async () => {
      await run("umount", ["--lazy", folder]);
    };
  },
};

const lostPermission: Refusal = {
  what: "a permission that was taken away",
  systemCode: "EACCES",
  answer: "INVALID_CONFIG",
  async start() {
    if (!isRoot) return StateProcess.start();
    try {
      return await StateProcess.start({
        within: ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"],
      });
    } catch {
      return "this process may do everything, and can start none that may not";
    }
  },
  async folderFor(path) {
    await makeFolder(path);
    if (isRoot) await run("chown", [`${nobody}:${nobody}`, path]);
    await run("chmod", ["755", path, `${path}/..`]);
  },
  async refuse(process, folder) {
    // Files must not come and go while their modes are changed.
    process.pause();
    try {
      await run("chmod", ["-R", "a-w", folder]);
    } finally {
      process.resume();
    }
    return async () => {
      await run("chmod", ["-R", "u+w", folder]);
    };
  },
};

export const refusals: readonly Refusal[] = [tooManyOpenFiles, readOnlyFolder, lostPermission];
