import { createHash } from "node:crypto";
import type { FileSystem } from "./file-system.js";

const chunkBytes = 256 * 1024;

/** @returns SHA-256 of a file, as 64 lowercase hex digits. */
export async function hashOfFile(fileSystem: FileSystem, path: string): Promise<string> {
  const file = await fileSystem.open(path, "read");
  try {
    const hash = createHash("sha256");
    const buffer = Buffer.allocUnsafe(chunkBytes);
    for (let position = 0; ;) {
      const count = await file.read(buffer, 0, chunkBytes, position);
      if (count === 0) return hash.digest("hex");
      hash.update(buffer.subarray(0, count));
      position += count;
    }
  } finally {
    await file.close();
  }
}
