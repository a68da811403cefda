import type { IndexValue } from "../../collections/index.js";
import { outlineDocument, sealDocument, writeUnsealed, type Envelope } from "../../documents/envelope.js";
import { EncodedText } from "../../files/encoded-text.js";
import { entryWith, type PackDocument } from "../pack-document.js";
import type { PackEntry } from "../pack-target.js";
import type { BatchMemory } from "./batch-memory.js";

/**
 * Documents on their way from one thread to another. What is said of them is one text, for which the runtime takes less
 * than for as many objects; the bytes of their bodies stand one behind the other in memory that both threads see.
 */
export interface DocumentBatch {
  readonly heads: string;
  readonly bodies: SharedArrayBuffer;
  /** Whether no more documents follow. */
  readonly isLast: boolean;
}

interface Head {
  readonly envelope: Envelope;
  /** `null` where there is no value. */
  readonly keys: readonly (IndexValue | null)[];
  readonly bodyBytes: number;
}

/** @returns a batch whose `bodies` are the caller's to give back, once they have been read. */
export function packBatch(documents: readonly PackDocument[], isLast: boolean, memory: BatchMemory): DocumentBatch {
  const heads: Head[] = [];
  let length = 0;
  for (const { envelope, body, keys } of documents) {
    const bodyBytes = typeof body === "string" ? Buffer.byteLength(body) : body.length;
    heads.push({ envelope, keys: keys.map((key) => key ?? null), bodyBytes });
    length += bodyBytes;
  }
  const bodies = memory.take(length);
  const bytes = Buffer.from(bodies);
  let at = 0;
  for (const { body } of documents) {
    if (typeof body === "string") at += bytes.write(body, at, "utf8");
    else at += body.bytes.copy(bytes, at, body.start, body.end);
  }
  return { heads: JSON.stringify(heads), bodies, isLast };
}

/** Makes entries of batches, one batch after the other: those of one share the memory of their lines with the next. */
export class BatchReader {
  #lines = Buffer.allocUnsafeSlow(0);

  /**
   * @returns what {@link packBatch} was given, as it goes into a pack, until the next call. The batch is not looked at
   * again.
   */
  read({ heads, bodies }: DocumentBatch): PackEntry[] {
    const bytes = Buffer.from(bodies);
    let bodyAt = 0;
    let linesLength = 0;
    const read = (JSON.parse(heads) as Head[]).map(({ envelope, keys, bodyBytes }) => {
      const body = new EncodedText(bytes, bodyAt, bodyAt + bodyBytes);
      bodyAt = body.end;
      const outline = outlineDocument(envelope, body);
      linesLength += outline.length;
      return { document: { envelope, body, keys: keys.map((key) => key ?? undefined) }, outline };
    });
    if (this.#lines.length < linesLength) this.#lines = Buffer.allocUnsafeSlow(linesLength);
    let at = 0;
    return read.map(({ document, outline }) => {
      const line = this.#lines.subarray(at, at + outline.length);
      at += outline.length;
      writeUnsealed(line, outline, document.body);
      sealDocument(line, outline.digitsAt);
      return entryWith(document, line);
    });
  }
}
