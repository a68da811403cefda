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
  if (!isTaken(identity.pid)) return false;
  const running = statusOf(identity.pid);
  // Where the system says no more of a process than that it is there, or if it went just now, its pid has to do.
  if (running === undefined) return isTaken(identity.pid);
  // A process that has ended keeps its pid until its parent collects it; in a container that can be for ever.
  if (running.state === "Z" || running.state === "X") return false;
  return identity.processStart === null || running.start === identity.processStart;
}

function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

function startOf(pid: number): string | null {
  return statusOf(pid)?.start ?? null;
}

/**
 * From `/proc/<pid>/stat`: the third field, the state, and the 22nd, the start. The second, the command in parentheses,
 * may contain anything.
 *
 * @returns `undefined` where there is no such file, or `/proc` shows another pid namespace than this process lives in.
 */
function statusOf(pid: number): { readonly state: string | undefined; readonly start: string | undefined } | undefined {
  if (orNull(() => readlinkSync("/proc/self")) !== String(process.pid)) return undefined;
  const stat = orNull(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  if (stat === null) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0], start: fields[19] };
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
