import { once } from "node:events";
import { dirname } from "node:path";
import { HoldfastError } from "../errors.js";
import { writeFully, type FileSystem, type OpenFile } from "../files/file-system.js";
import { removeIfPresent } from "../files/remove-if-present.js";
import { storageError } from "../files/storage-error.js";
import { temporaryName } from "../files/temporary-name.js";

/** Where an export goes. Calls do not overlap. */
export interface ExportOutput {
  write(bytes: Uint8Array): Promise<void>;
  /** Everything has been written. */
  finish(): Promise<void>;
  /** Nothing more will come, and what came does not count. */
  discard(): Promise<void>;
}

/**
 * A file that is there whole and durable, or not at all: it is written beside its place, synced, its size checked, and
 * renamed.
 */
export class FileOutput implements ExportOutput {
  readonly #fileSystem: FileSystem;
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: OpenFile;
  #size = 0;
  #isOpen = true;

  private constructor(fileSystem: FileSystem, path: string, temporary: string, file: OpenFile) {
    this.#fileSystem = fileSystem;
    this.#path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  /** @throws HoldfastError `ALREADY_EXISTS` if there is such a file and it is not to be replaced; `INVALID_CONFIG` … */
  static async begin(fileSystem: FileSystem, path: string, replace: boolean): Promise<FileOutput> {
    const status = await fileSystem.status(path);
    if (status !== undefined && (!replace || status.kind !== "file")) {
      throw new HoldfastError(
        "ALREADY_EXISTS",
        `${path} exists already. Name another file, or replace it (--replace).`,
        {
          details: { path },
        },
      );
    }
    const temporary = temporaryName(path);
    try {
      return new FileOutput(fileSystem, path, temporary, await fileSystem.open(temporary, "create"));
    } catch (error) {
      throw storageError(error, "write the export", path);
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      await writeFully(this.#file, bytes, this.#size);
      this.#size += bytes.length;
    } catch (error) {
      throw storageError(error, "write the export", this.#path);
    }
  }

  async finish(): Promise<void> {
    try {
      await this.#file.sync();
      const size = await this.#file.size();
      if (size !== this.#size) throw new Error(`${this.#temporary} holds ${size} bytes instead of ${this.#size}`);
      await this.#close();
      await this.#fileSystem.rename(this.#temporary, this.#path);
      await this.#fileSystem.syncDirectory(dirname(this.#path));
    } catch (error) {
      throw storageError(error, "write the export", this.#path);
    }
  }

  async discard(): Promise<void> {
    // On a full disk it would keep the space that is missing.
    await this.#close();
    await removeIfPresent(this.#fileSystem, this.#temporary);
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#file.close();
  }
}

/** A stream, such as standard output. Waits when its reader is slow; whoever reads it learns from the trailer whether it is whole. */
export class StreamOutput implements ExportOutput {
  readonly #stream: NodeJS.WritableStream;
  readonly #abandoned: AbortSignal;

  /** @param abandoned aborts when the stream can not be written to any more, with the reason. */
  constructor(stream: NodeJS.WritableStream, abandoned: AbortSignal) {
    this.#stream = stream;
    this.#abandoned = abandoned;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#assertRead();
    if (this.#stream.write(bytes)) return;
    try {
      await once(this.#stream, "drain", { signal: this.#abandoned });
    } catch (error) {
      this.#assertRead();
      throw error;
    }
  }

  async finish(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#stream.write("", () => {
        resolve();
      });
    });
    this.#assertRead();
  }

  discard(): Promise<void> {
    return Promise.resolve();
  }

  #assertRead(): void {
    if (!this.#abandoned.aborted) return;
    throw storageError(this.#abandoned.reason, "write the export", "standard output");
  }
}
