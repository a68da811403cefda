import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** What tells one process from every other, as far as the system says it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When the process started, in the kernel's own count: a pid is given out again, the pair is not. */
  readonly processStart: string | null;
  /** In which pid namespace the pid counts: in a container, pid 1 always lives. */
  readonly pidNamespace: string | null;
  /** Which run of which kernel this is. Containers of one machine share it. */
  readonly bootId: string | null;
  readonly host: string;
}

export function ownIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    processStart: startOf(process.pid),
    pidNamespace: orNull(() => readlinkSync("/proc/self/ns/pid")),
    bootId: orNull(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    host: hostname(),
  };
}

/**
 * Whether the process that `identity` describes is running, as far as pids can tell.
 *
 * @returns `undefined` if they can not: another boot, another pid namespace.
 */
export function runsHere(identity: ProcessIdentity, own: ProcessIdentity): boolean | undefined {
  if (identity.bootId !== own.bootId || identity.pidNamespace !== own.pidNamespace || identity.host !== own.host)
    return undefined;
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return identity.processStart === null || startOf(identity.pid) === identity.processStart;
}

/** The 22nd field of `/proc/<pid>/stat`; the second, the command in parentheses, may contain anything. */
function startOf(pid: number): string | null {
  const stat = orNull(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

/** Where there is no such file, as outside Linux, that much is not known. */
function orNull(read: () => string): string | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}
