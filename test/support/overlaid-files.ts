import { dirname, join } from "node:path";
import type { FileSystem, OpenFile } from "../../src/files/file-system.js";
import { nodeFileSystem } from "../../src/files/node-file-system.js";

/**
 * The machine's files, with the content of some replaced in memory: thousands of damaged versions of a file can be read
 * without each of them being written.
 */
export function overlaidFiles(overlay: ReadonlyMap<string, Buffer>): FileSystem {
  return {
    ...nodeFileSystem,
    readFile: async (path) => overlay.get(path) ?? (await nodeFileSystem.readFile(path)),
    readFileNow: (path) => overlay.get(path) ?? nodeFileSystem.readFileNow(path),
    readDirectory: async (path) => {
      const inMemory = [...overlay.keys()].filter((file) => dirname(file) === path);
      const onDisk = await nodeFileSystem.readDirectory(path);
      const known = new Set(onDisk.map(({ name }) => join(path, name)));
      return [
        ...onDisk,
        ...inMemory
          .filter((file) => !known.has(file))
          .map((file) => ({ name: file.slice(path.length + 1), kind: "file" as const })),
      ];
    },
    open: async (path, mode) => {
      const bytes = overlay.get(path);
      if (bytes === undefined || mode !== "read") return await nodeFileSystem.open(path, mode);
      return new FileInMemory(path, bytes);
    },
  };
}

class FileInMemory implements OpenFile {
  readonly path: string;
  readonly #bytes: Buffer;

  constructor(path: string, bytes: Buffer) {
    this.path = path;
    this.#bytes = bytes;
  }

  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return Promise.resolve(this.readNow(buffer, offset, length, position));
  }

  readNow(buffer: Uint8Array, offset: number, length: number, position: number): number {
    const part = this.#bytes.subarray(position, position + length);
    buffer.set(part, offset);
    return part.length;
  }

  size(): Promise<number> {
    return Promise.resolve(this.#bytes.length);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  write(): Promise<number> {
    return Promise.reject(new Error(`${this.path} was opened for reading`));
  }

  sync(): Promise<void> {
    return Promise.reject(new Error(`${this.path} was opened for reading`));
  }

  truncate(): Promise<void> {
    return Promise.reject(new Error(`${this.path} was opened for reading`));
  }
}
