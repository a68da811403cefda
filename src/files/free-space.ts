import { statfs } from "node:fs/promises";

/** Room on the disk that holds a path, in bytes. */
export interface DiskSpace {
  /** What this process can still use: what is reserved for the system is not counted. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Asks the system. It rejects with the system's own error. */
export async function diskSpace(path: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}
