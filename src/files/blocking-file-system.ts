import * as fs from "node:fs";
import type { FileSystem, OpenFile, OpenMode } from "./file-system.js";
import { nodeFileSystem, openFlags } from "./node-file-system.js";

class BlockingFile implements OpenFile {
  readonly path: string;
  readonly #descriptor: number;

  constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return atOnce(() => this.readNow(buffer, offset, length, position));
  }

  readNow(buffer: Uint8Array, offset: number, length: number, position: number): number {
    return fs.readSync(this.#descriptor, buffer, offset, length, position);
  }

  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return atOnce(() => fs.writeSync(this.#descriptor, buffer, offset, length, position));
  }

  sync(): Promise<void> {
    return atOnce(() => {
      fs.fsyncSync(this.#descriptor);
    });
  }

  truncate(length: number): Promise<void> {
    return atOnce(() => {
      fs.ftruncateSync(this.#descriptor, length);
    });
  }

  size(): Promise<number> {
    return atOnce(() => fs.fstatSync(this.#descriptor).size);
  }

  close(): Promise<void> {
    return atOnce(() => {
      fs.closeSync(this.#descriptor);
    });
  }
}

/**
 * The machine's own files, for a thread that has nothing else to do: a call on an open file keeps the thread until it is
 * over. So nothing goes through the pool of threads, in which commits would wait behind it.
 */
export const blockingFileSystem: FileSystem = {
  ...nodeFileSystem,
  open: (path: string, mode: OpenMode) =>
    // No file that is opened here is written through: whoever writes one syncs it.
    atOnce(() => new BlockingFile(path, fs.openSync(path, openFlags[mode], 0o600))),
};

function atOnce<Result>(call: () => Result): Promise<Result> {
  return new Promise((resolve) => {
    resolve(call());
  });
}
