import type { IndexValue } from "../../collections/index.js";
import type { Envelope } from "../../documents/envelope.js";
import { EncodedText } from "../../files/encoded-text.js";
import type { PackDocument } from "../pack-document.js";

/**
 * Documents on their way from one thread to another. What is said of them is one text, for which the runtime takes less
 * than for as many objects; the bytes of their bodies stand one behind the other, and change hands without a copy.
 */
export interface DocumentBatch {
  readonly heads: string;
  readonly bodies: Uint8Array<ArrayBuffer>;
  /** Whether no more documents follow. */
  readonly isLast: boolean;
}

interface Head {
  readonly envelope: Envelope;
  /** `null` where there is no value. */
  readonly keys: readonly (IndexValue | null)[];
  readonly bodyBytes: number;
}

/** @returns a batch whose `bodies` are to be transferred. */
export function packBatch(documents: readonly PackDocument[], isLast: boolean): DocumentBatch {
  const heads: Head[] = [];
  let length = 0;
  for (const { envelope, body, keys } of documents) {
    const bodyBytes = typeof body === "string" ? Buffer.byteLength(body) : body.length;
    heads.push({ envelope, keys: keys.map((key) => key ?? null), bodyBytes });
    length += bodyBytes;
  }
  const buffer = new ArrayBuffer(length);
  const bodies = Buffer.from(buffer);
  let at = 0;
  for (const { body } of documents) {
    if (typeof body === "string") at += bodies.write(body, at, "utf8");
    else at += body.bytes.copy(bodies, at, body.start, body.end);
  }
  return { heads: JSON.stringify(heads), bodies: new Uint8Array(buffer), isLast };
}

/** What {@link packBatch} was given. */
export function unpackBatch({ heads, bodies }: DocumentBatch): PackDocument[] {
  const bytes = Buffer.from(bodies.buffer);
  let at = 0;
  return (JSON.parse(heads) as Head[]).map(({ envelope, keys, bodyBytes }) => {
    const body = new EncodedText(bytes, at, at + bodyBytes);
    at = body.end;
    return { envelope, body, keys: keys.map((key) => key ?? undefined) };
  });
}
