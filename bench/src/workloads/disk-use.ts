import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

export interface DiskUse {
  /** Blocks that are taken. */
  readonly bytes: number;
  /** The sum of the sizes of the files. */
  readonly apparentBytes: number;
  readonly files: number;
  /** Files and folders. */
  readonly inodes: number;
}

const blockBytes = 512;

/** What a folder takes on the disk, the folder itself left out. */
export async function diskUse(folder: string): Promise<DiskUse> {
  const total = { bytes: 0, apparentBytes: 0, files: 0, inodes: 0 };
  const folders = [folder];
  for (let current = folders.pop(); current !== undefined; current = folders.pop()) {
    for (const entry of await readdir(current, { withFileTypes: true })) {
      const path = join(current, entry.name);
      const { blocks, size } = await lstat(path);
      total.inodes += 1;
      total.bytes += blocks * blockBytes;
      if (entry.isDirectory()) {
        folders.push(path);
      } else {
        total.files += 1;
        total.apparentBytes += size;
      }
    }
  }
  return total;
}
