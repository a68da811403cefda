import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { arch, cpus, release, totalmem, type as systemType } from "node:os";
import { resolve } from "node:path";

/** What the figures depend on. */
export interface Machine {
  readonly node: string;
  readonly system: string;
  readonly processors: string;
  readonly memoryBytes: number;
  readonly disk: string;
  readonly fileSystem: string;
}

/** What statfs calls a file system that lives in memory (Linux). */
const memoryFileSystems = new Set([0x01021994, 0x858458f6]);

/** @throws Error if `directory` is in memory, where nothing is durable. */
export async function describeMachine(directory: string): Promise<Machine> {
  const { type } = await statfs(directory);
  if (memoryFileSystems.has(type)) {
    throw new Error(
      `${directory} is in memory, where nothing is durable: name a directory on a disk with --directory.`,
    );
  }
  const mount = mountOf(resolve(directory));
  return {
    node: process.version,
    system: `${systemType()} ${release()} ${arch()}`,
    processors: `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}`,
    memoryBytes: totalmem(),
    disk: mount === undefined ? "unknown" : diskOf(mount.device),
    fileSystem: mount === undefined ? `0x${type.toString(16)}` : `${mount.type} (${mount.options})`,
  };
}

interface Mount {
  readonly device: string;
  readonly type: string;
  readonly options: string;
}

/** The mount that holds `path`: the one with the longest matching folder. Linux only. */
function mountOf(path: string): Mount | undefined {
  if (process.platform !== "linux") return undefined;
  let best: (Mount & { readonly folder: string }) | undefined;
  for (const line of readFileSync("/proc/mounts", "utf8").split("\n")) {
    const [device, folder, type, options] = line.split(" ");
    if (device === undefined || folder === undefined || type === undefined || options === undefined) continue;
    const holds = path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
    if (holds && folder.length >= (best?.folder.length ?? 0)) best = { device, folder, type, options };
  }
  return best;
}

/** What the system knows of a block device. */
function diskOf(device: string): string {
  try {
    const columns = ["NAME", "SIZE", "ROTA", "MODEL", "TRAN"];
    const text = execFileSync("lsblk", ["--json", "--nodeps", "--output", columns.join(","), device], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const { blockdevices } = JSON.parse(text) as { blockdevices: readonly Readonly<Record<string, unknown>>[] };
    const found = blockdevices[0] ?? {};
    const known = [found["model"], found["size"], found["tran"]].filter((value) => typeof value === "string");
    return [device, ...known, `said to be ${found["rota"] === true ? "rotational" : "not rotational"}`].join(", ");
  } catch {
    // No lsblk, or no block device behind the mount: its name is all there is to say.
    return device;
  }
}
