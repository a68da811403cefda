import { join } from "node:path";
import type { FileSystem } from "../files/file-system.js";
import type { ReadableFile } from "./checked-file.js";
import { NewFile, type Output } from "./output.js";

/** Where sorted runs go that are too many for memory: one file without a lasting name, gone when the table is written. */
export class RunStore {
  readonly #place: { readonly fileSystem: FileSystem; readonly directory: string } | undefined;
  #file: NewFile | undefined;
  #reading: ReadableFile | undefined;

  /** @param place the folder for the file; without one, for those who may write nothing, everything stays in memory. */
  constructor(place?: { readonly fileSystem: FileSystem; readonly directory: string }) {
    this.#place = place;
  }

  get canSpill(): boolean {
    return this.#place !== undefined;
  }

  async writing(): Promise<Output> {
    if (this.#place === undefined) throw new Error("There is no folder for sorted runs.");
    this.#file ??= await NewFile.create(this.#place.fileSystem, join(this.#place.directory, "runs"));
    return this.#file;
  }

  /** What was written until now. */
  async reading(): Promise<ReadableFile> {
    if (this.#file === undefined) throw new Error("There are no sorted runs.");
    await this.#file.flush();
    this.#reading ??= await this.#file.reopen();
    return this.#reading;
  }

  async discard(): Promise<void> {
    try {
      await this.#reading?.close();
    } finally {
      await this.#file?.discard();
    }
  }
}
