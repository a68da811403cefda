import { HoldfastError, isHoldfastError } from "../../errors.js";
import type { Clock } from "../../files/clock.js";
import type { FileSystem } from "../../files/file-system.js";
import { storageError } from "../../files/storage-error.js";
import { readStatusFile, statusLine } from "../../watch/status-file.js";
import type { StartupStatus } from "../../watch/startup-status.js";

/** Replaces a file so that its new content survives a power loss, or leaves the old one. */
export type WriteFile = (path: string, bytes: Uint8Array) => Promise<void>;

export interface StatusFileWriterOptions {
  readonly path: string;
  readonly epoch: number;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly writeFile: WriteFile;
}

/**
 * Owns `status/startup.json` for one run: replaces it, and touches it in between.
 *
 * A process that was paused while another took over the directory must not speak for it when it wakes up. So before
 * each write and each touch the file is compared with what this run left there; if another version is in its place and
 * names a later epoch, this run is over. The check and the write are two steps; should a paused process wake up between
 * them, its status stands until the heartbeat of the new owner, which finds a file that is not its own and writes again.
 * Watchers are not confused meanwhile: they know that its run was followed by another.
 */
export class StatusFileWriter {
  readonly #options: StatusFileWriterOptions;
  #sign: string | undefined;

  constructor(options: StatusFileWriterOptions) {
    this.#options = options;
  }

  /** @throws HoldfastError `STORAGE_FULL`, `STORAGE_FAILED`, `READ_ONLY`, `INVALID_CONFIG`; `WRITER_FENCED` */
  async write(status: StartupStatus): Promise<void> {
    const { path, writeFile } = this.#options;
    await this.#isOurs();
    try {
      await writeFile(path, statusLine(status));
      this.#sign = this.#lookAt();
    } catch (error) {
      throw storageError(error, "write the startup status", path);
    }
  }

  /**
   * Renews the file's time, the sign of life for watchers that can not reach the socket. It is not synced: after a power
   * loss there is no life to show.
   *
   * @returns false if the file is not the one this run left: then it has to be written again.
   */
  async touch(): Promise<boolean> {
    const { path, fileSystem, clock } = this.#options;
    if (!(await this.#isOurs())) return false;
    try {
      await fileSystem.touch(path, new Date(clock.now()));
      this.#sign = this.#lookAt();
    } catch (error) {
      throw storageError(error, "renew the heartbeat", path);
    }
    return true;
  }

  /** @throws HoldfastError `WRITER_FENCED` if a later epoch wrote the file. */
  async #isOurs(): Promise<boolean> {
    if (this.#sign === undefined) return false;
    if (this.#lookAt() === this.#sign) return true;
    const { path, epoch, fileSystem } = this.#options;
    const found = await readable(readStatusFile(fileSystem, path));
    if (found !== undefined && found.boot_count > epoch) {
      throw new HoldfastError(
        "WRITER_FENCED",
        `Process ${found.pid} on ${found.host} took over ${path} (epoch ${found.boot_count}, this is ${epoch}). Stop this process.`,
        { details: { path, epoch, laterEpoch: found.boot_count, pid: found.pid, host: found.host } },
      );
    }
    return false;
  }

  #lookAt(): string | undefined {
    return this.#options.fileSystem.identityNow(this.#options.path);
  }
}

/** A status that can not be read is no later owner's: those write whole files. It is written over. */
async function readable(reading: Promise<StartupStatus | undefined>): Promise<StartupStatus | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isHoldfastError(error, "CORRUPT")) return undefined;
    throw error;
  }
}
