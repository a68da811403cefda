import type { IndexValue } from "../collections/index.js";
import { encodeDocument, type Envelope } from "../documents/envelope.js";
import type { StoredText } from "../files/encoded-text.js";
import type { PackEntry } from "./pack-target.js";

/** A document, or a deletion, that is to go into a pack, before its line is made. */
export interface PackDocument {
  readonly envelope: Envelope;
  /** As JSON; `null` for a deletion. */
  readonly body: StoredText;
  /** The values of the indexes in their order, then that of the declared order if there is one. */
  readonly keys: readonly (IndexValue | undefined)[];
}

/** What goes into a pack of a document. */
export function entryOf(document: PackDocument): PackEntry {
  return entryWith(document, encodeDocument(document.envelope, document.body));
}

/** @param line of the document, as {@link encodeDocument} writes it. */
export function entryWith({ envelope, keys }: PackDocument, line: Buffer): PackEntry {
  const { id, sequence, createdSequence, createdIndex, schemaVersion, expiresAt } = envelope;
  return {
    id,
    sequence,
    createdSequence,
    createdIndex,
    expiresAtMs: expiresAt === undefined ? Infinity : Date.parse(expiresAt),
    schemaVersion,
    deleted: envelope.deleted === true,
    keys,
    line,
  };
}
