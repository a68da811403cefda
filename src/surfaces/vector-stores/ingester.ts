import type { AttachmentBody, LastError } from "./attachment-document.js";
import type { AttachableFile } from "./file-directory.js";

/** Turns the bytes of an attached file into chunks in the vector backend. Brought by the program that embeds Holdfast. */
export interface Ingester {
  /**
   * Ingests one file. What it writes should carry `attachment.attachment`, the ownership token, so that {@link remove}
   * finds it without touching what a later attach of the same file has made.
   *
   * @param options `signal` aborts when the file is detached, its batch cancelled, or the process is stopping.
   * @returns how many bytes the result takes up.
   * @throws IngestionFailure for a file that can not be ingested; anything else is reported as a `server_error`.
   */
  ingest(
    attachment: AttachmentBody,
    file: AttachableFile,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly usage_bytes: number }>;

  /**
   * Removes what was made of an attachment that is no more; fine if there is nothing. Called after its ingestion has
   * come to an end, and again after a crash. Without it, what a detached file left stays until its store is deleted.
   */
  remove?(attachment: AttachmentBody): Promise<void>;
}

/** An ingestion that failed for a reason that lies in the file. */
export class IngestionFailure extends Error {
  override readonly name = "IngestionFailure";
  readonly code: LastError["code"];

  constructor(code: LastError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Who ingests. `"none"`: nobody, Holdfast keeps the metadata and an attached file is `completed` at once. `"external"`:
 * another program, which settles each attachment. An {@link Ingester}: workers in this process.
 */
export type Ingestion = "none" | "external" | Ingester;
