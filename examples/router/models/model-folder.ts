import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** A model file the router needs. */
export interface Model {
  readonly name: string;
  readonly url: string;
}

export interface DownloadProgress {
  readonly bytes: number;
  /** Absent when the server does not say. */
  readonly totalBytes?: number;
}

/**
 * Model files on disk. A file counts only together with its digest, which is written last: a download that a crash cut
 * off is done again, never used.
 */
export class ModelFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Whether the model is there, whole. */
  async has(model: Model): Promise<boolean> {
    try {
      const expected = await readFile(this.#digestPath(model), "utf8");
      return expected === (await this.#digest(model));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw error;
    }
  }

  /** @throws Error if the model can not be had whole. */
  async download(model: Model, onProgress: (progress: DownloadProgress) => Promise<void>): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const response = await fetch(model.url);
    if (!response.ok || response.body === null) {
      throw new Error(`The model ${model.name} can not be downloaded: ${model.url} answered ${response.status}.`);
    }
    const length = Number(response.headers.get("content-length") ?? Number.NaN);
    const total = Number.isFinite(length) ? { totalBytes: length } : {};
    const partial = `${this.#path(model)}.partial`;
    const file = await open(partial, "w");
    let bytes = 0;
    try {
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        await file.writeFile(chunk);
        bytes += chunk.length;
        await onProgress({ bytes, ...total });
      }
      await file.sync();
    } finally {
      await file.close();
    }
    if (Number.isFinite(length) && bytes !== length) {
      throw new Error(`The model ${model.name} was cut off: ${bytes} of ${length} bytes of ${model.url} arrived.`);
    }
    // The digest of an earlier file must not vouch for this one while the two are exchanged.
    await rm(this.#digestPath(model), { force: true });
    await rename(partial, this.#path(model));
    const digest = await open(this.#digestPath(model), "w");
    try {
      await digest.writeFile(await this.#digest(model));
      await digest.sync();
    } finally {
      await digest.close();
    }
  }

  read(model: Model): Promise<Buffer> {
    return readFile(this.#path(model));
  }

  async #digest(model: Model): Promise<string> {
    const hash = createHash("sha256");
    await pipeline(createReadStream(this.#path(model)), hash);
    return hash.digest("hex");
  }

  #path({ name }: Model): string {
    return join(this.#folder, name);
  }

  #digestPath(model: Model): string {
    return `${this.#path(model)}.sha256`;
  }
}
