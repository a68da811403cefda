import { crc32 } from "node:zlib";
import { HoldfastError } from "../errors.js";
import { writeFully, type FileSystem, type OpenFile } from "../files/file-system.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import { temporaryName } from "../files/temporary-name.js";
import type { ReadableFile } from "./checked-file.js";

/** It is flushed when so much is waiting; what comes last of that may reach into the room behind it. */
const bufferBytes = 256 * 1024;
const roomBytes = 64 * 1024;

/** Where bytes go, one after the other. Whoever appends looks at {@link isFull} now and then, and flushes. */
export interface Output {
  /** Where the next byte will stand. */
  readonly position: number;
  /** Whether so much is waiting that it should be flushed. */
  readonly isFull: boolean;
  append(bytes: Buffer, from: number, to: number): void;
  flush(): Promise<void>;
}

/**
 * A file that gets its name only once it is whole: written under a temporary name, synced, its size checked, renamed.
 * The rename is durable once the folder has been synced, which is the caller's.
 */
export class NewFile implements Output {
  readonly path: string;
  readonly #fileSystem: FileSystem;
  readonly #temporary: string;
  readonly #file: OpenFile;
  #buffer = Buffer.allocUnsafeSlow(bufferBytes + roomBytes);
  #waiting = 0;
  #written = 0;
  #checksum = 0;
  #isOpen = true;
  #isPublished = false;

  private constructor(fileSystem: FileSystem, path: string, temporary: string, file: OpenFile) {
    this.#fileSystem = fileSystem;
    this.path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  static async create(fileSystem: FileSystem, path: string): Promise<NewFile> {
    const temporary = temporaryName(path);
    return new NewFile(fileSystem, path, temporary, await fileSystem.open(temporary, "create"));
  }

  get position(): number {
    return this.#written + this.#waiting;
  }

  /** CRC-32 of everything that was appended. */
  get checksum(): number {
    return crc32(this.#buffer.subarray(0, this.#waiting), this.#checksum);
  }

  get isFull(): boolean {
    return this.#waiting >= bufferBytes;
  }

  append(bytes: Buffer, from: number, to: number): void {
    const needed = this.#waiting + to - from;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, this.#waiting);
      this.#buffer = larger;
    }
    bytes.copy(this.#buffer, this.#waiting, from, to);
    this.#waiting = needed;
  }

  async flush(): Promise<void> {
    const { checksum } = this;
    await writeFully(this.#file, this.#buffer.subarray(0, this.#waiting), this.#written);
    this.#checksum = checksum;
    this.#written += this.#waiting;
    this.#waiting = 0;
  }

  /** Brings everything to the disk. The file still has its temporary name. @throws if it is not as long as it should be. */
  async complete(): Promise<void> {
    await this.flush();
    await this.#file.sync();
    const size = await this.#file.size();
    if (size !== this.#written) {
      throw new HoldfastError("STORAGE_FAILED", `${this.#temporary} holds ${size} bytes instead of ${this.#written}.`, {
        details: { path: this.#temporary },
      });
    }
    await this.#close();
  }

  /** Gives the completed file its name. */
  async publish(): Promise<void> {
    await this.#fileSystem.rename(this.#temporary, this.path);
    this.#isPublished = true;
  }

  /** Opens what was flushed, for reading. */
  async reopen(): Promise<ReadableFile> {
    return await this.#fileSystem.open(this.#temporary, "read");
  }

  /** Leaves nothing of it. What else has its name stays, unless it had taken that name already. */
  async discard(): Promise<void> {
    try {
      await this.#close();
    } finally {
      await removeIfPresent(this.#fileSystem, this.#isPublished ? this.path : this.#temporary);
    }
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#file.close();
  }
}

/**
 * Discards files of a pack that could not be written. On a full disk they would keep the very space that is missing.
 * Whatever can not be removed, recovery sweeps: what failed first is what to tell, and it carries this as its cause.
 */
export async function discardAll(files: readonly (NewFile | undefined)[], failure: unknown): Promise<void> {
  for (const file of files) {
    await file?.discard().catch((error: unknown) => {
      if (failure instanceof Error) failure.cause ??= error;
    });
  }
}
