import { encodeDocument } from "../documents/envelope.js";
import type { PackedPlace } from "./packed-place.js";

/**
 * What a pack holds in the place of a document, or of a tombstone, that can not be read any more: a tombstone of the same
 * commit. Else an older pack's version of the document would come back as if it were the newest.
 *
 * @param now when that is, ISO 8601: the line says nothing of when it was written any more.
 */
export function lostLine(collection: string, { id, sequence }: PackedPlace, now: string): Buffer {
  const envelope = {
    kind: collection,
    id,
    revision: 1,
    sequence,
    createdAt: now,
    updatedAt: now,
    deleted: true,
    createdSequence: sequence,
    createdIndex: 0,
    schemaVersion: 1,
  } as const;
  return encodeDocument(envelope, "null");
}
