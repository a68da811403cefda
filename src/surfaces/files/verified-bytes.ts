import { createHash } from "node:crypto";
import { pipeline, Transform, type Readable, type TransformCallback } from "node:stream";
import { HoldfastError } from "../../errors.js";
import type { FileObject } from "./file-document.js";

/**
 * Passes a file's bytes on, always one piece behind: the last one only once all of them are known to be what was stored.
 * Whoever reads damaged bytes therefore never sees their end, be it that of a stream or of a reply with a length.
 */
class VerifiedBytes extends Transform {
  readonly #file: FileObject;
  readonly #hash = createHash("sha256");
  #held: Buffer | undefined;

  constructor(file: FileObject) {
    super();
    this.#file = file;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#hash.update(chunk);
    const ready = this.#held;
    this.#held = chunk;
    done(null, ready);
  }

  override _flush(done: TransformCallback): void {
    if (this.#hash.digest("hex") === this.#file.sha256) done(null, this.#held);
    else done(damaged(this.#file, "do not match their SHA-256"));
  }
}

/** @returns the bytes as a stream that fails with `CORRUPT`, short of its end, if they are not those of the file. */
export function verifiedBytes(bytes: Readable, file: FileObject): Readable {
  // A failure of either stream destroys the other with it; whoever reads is told by what is returned.
  return pipeline(bytes, new VerifiedBytes(file), () => undefined);
}

/** @param size how many bytes there are, if it is not how many were stored; `undefined` for none at all. */
export function notWhole(file: FileObject, size: number | undefined): HoldfastError {
  const isMissing = size === undefined || size === file.bytes;
  return damaged(file, isMissing ? "are missing" : `are ${size}, where ${file.bytes} were stored`);
}

/** @param how completes "The bytes of the file …". */
function damaged(file: FileObject, how: string): HoldfastError {
  return new HoldfastError(
    "CORRUPT",
    `The bytes of the file ${JSON.stringify(file.id)} ${how}. Upload it again, or restore it from a backup.`,
    { details: { file: file.id, bytes: file.bytes } },
  );
}
