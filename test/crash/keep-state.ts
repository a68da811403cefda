import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { leaveDeadSocket } from "./disk/dead-socket.js";
import { nodesOf, type DiskImage } from "./disk/disk-image.js";

const longAgo = new Date(0);

/**
 * Writes a state to a real folder, so that people can look at it and open it with the command line. Its owner is dead
 * there too: sockets refuse, and the last sign of life is from long ago.
 */
export async function keepState(image: DiskImage, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { path, node } of nodesOf(image)) {
    const target = join(folder, path);
    if (node.kind === "directory") await mkdir(target, { mode: 0o700, recursive: true });
    else if (node.kind === "file") {
      await writeFile(target, node.bytes, { mode: 0o600 });
      await utimes(target, longAgo, longAgo);
    } else await leaveDeadSocket(target);
  }
  for (const { path, node } of nodesOf(image))
    if (node.kind === "directory") await utimes(join(folder, path), longAgo, longAgo);
}
