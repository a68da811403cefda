import type { DocumentHead, IndexValue } from "../collections/index.js";
import type { StoredText } from "../files/encoded-text.js";
import type { PutOperation } from "../journal/record.js";
import type { PackedVersion } from "./pack-set.js";
import type { Envelope } from "../documents/envelope.js";

/** One version of one document, or its deletion, in memory. Immutable but for where its body is. */
export interface Version {
  readonly id: string;
  readonly deleted: boolean;
  readonly revision: number;
  readonly sequence: number;
  readonly schemaVersion: number;
  readonly createdAt: string;
  readonly createdSequence: number;
  readonly createdIndex: number;
  readonly updatedAt: string;
  readonly expiresAt: string | undefined;
  readonly expiresAtMs: number;
  readonly unknown: Readonly<Record<string, unknown>> | undefined;
  /** Where it was read from, if it is in a pack: then another reading of the same version is as good as this one. */
  readonly packed: PackedVersion | undefined;
  /** About how long the body is as JSON: in UTF-16 units, or in bytes. */
  readonly bodyLength: number;
  /** The body as JSON, while it is in memory; else it is in the document's file. */
  body: StoredText | undefined;
  /** The values of the collection's indexes, in the order it declares them; behind them that of its order. */
  keys: readonly (IndexValue | undefined)[];
}

/** A version from the journal: written by the commit `sequence` at `time`. */
export function versionOfPut(
  operation: PutOperation,
  body: string,
  sequence: number,
  time: string,
  keys: Version["keys"],
): Version {
  return {
    id: operation.id,
    deleted: false,
    revision: operation.revision,
    sequence,
    schemaVersion: operation.schemaVersion,
    createdAt: operation.createdAt,
    createdSequence: operation.createdSequence,
    createdIndex: operation.createdIndex,
    updatedAt: time,
    expiresAt: operation.expiresAt,
    expiresAtMs: expiryOf(operation.expiresAt),
    unknown: operation.unknown,
    packed: undefined,
    bodyLength: body.length,
    body,
    keys,
  };
}

/** A version from a document's file, where its body stays, or from a pack. */
export function versionOfEnvelope(
  envelope: Envelope,
  bodyLength: number,
  keys: Version["keys"],
  body: string,
  packed: PackedVersion,
): Version & { readonly body: string; readonly packed: PackedVersion };
export function versionOfEnvelope(envelope: Envelope, bodyLength: number, keys: Version["keys"]): Version;
export function versionOfEnvelope(
  envelope: Envelope,
  bodyLength: number,
  keys: Version["keys"],
  body?: string,
  packed?: PackedVersion,
): Version {
  return new StoredVersion(envelope, bodyLength, keys, body, packed);
}

/**
 * Member by member: there are as many of these as documents, and objects of one shape cost half of what copies of a
 * parsed object cost. A class for the reason that {@link PackedPlace} is one.
 */
class StoredVersion implements Version {
  readonly id: string;
  readonly deleted = false;
  readonly revision: number;
  readonly sequence: number;
  readonly schemaVersion: number;
  readonly createdAt: string;
  readonly createdSequence: number;
  readonly createdIndex: number;
  readonly updatedAt: string;
  readonly expiresAt: string | undefined;
  readonly expiresAtMs: number;
  readonly unknown: Version["unknown"];
  readonly packed: PackedVersion | undefined;
  readonly bodyLength: number;
  body: string | undefined;
  keys: Version["keys"];

  constructor(
    envelope: Envelope,
    bodyLength: number,
    keys: Version["keys"],
    body: string | undefined,
    packed: PackedVersion | undefined,
  ) {
    this.id = envelope.id;
    this.revision = envelope.revision;
    this.sequence = envelope.sequence;
    this.schemaVersion = envelope.schemaVersion;
    this.createdAt = envelope.createdAt;
    this.createdSequence = envelope.createdSequence;
    this.createdIndex = envelope.createdIndex;
    this.updatedAt = envelope.updatedAt;
    this.expiresAt = envelope.expiresAt;
    this.expiresAtMs = expiryOf(envelope.expiresAt);
    this.unknown = envelope.unknown;
    this.packed = packed;
    this.bodyLength = bodyLength;
    this.body = body;
    this.keys = keys;
  }
}

/** A deletion. It keeps the place in the order of the document it deletes. */
export function tombstoneOf(
  version: Version | undefined,
  id: string,
  revision: number,
  sequence: number,
  time: string,
): Version {
  return {
    id,
    deleted: true,
    revision,
    sequence,
    schemaVersion: version?.schemaVersion ?? 1,
    createdAt: version?.createdAt ?? time,
    createdSequence: version?.createdSequence ?? sequence,
    createdIndex: version?.createdIndex ?? 0,
    updatedAt: time,
    expiresAt: undefined,
    expiresAtMs: Number.POSITIVE_INFINITY,
    unknown: undefined,
    packed: undefined,
    bodyLength: 0,
    body: undefined,
    keys: [],
  };
}

export function envelopeOf(kind: string, version: Version): Envelope {
  const {
    id,
    schemaVersion,
    revision,
    sequence,
    createdAt,
    createdSequence,
    createdIndex,
    updatedAt,
    expiresAt,
    unknown,
  } = version;
  return {
    kind,
    schemaVersion,
    id,
    revision,
    sequence,
    createdAt,
    createdSequence,
    createdIndex,
    updatedAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(unknown === undefined ? {} : { unknown }),
  };
}

/** Whether both are one and the same version, which can not have been taken back and its number given out again. */
export function isSameVersion(left: Version | undefined, right: Version | undefined): boolean {
  if (left === right) return true;
  if (left?.packed === undefined || right?.packed === undefined) return false;
  return left.id === right.id && left.sequence === right.sequence;
}

export function headOf(version: Version): DocumentHead {
  const { id, revision, sequence, createdAt, updatedAt, expiresAt } = version;
  // No spread of what is mostly nothing: a head is made for every document that is read.
  if (expiresAt === undefined) return { id, revision, sequence, createdAt, updatedAt };
  return { id, revision, sequence, createdAt, updatedAt, expiresAt };
}

export function expiryOf(expiresAt: string | undefined): number {
  return expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt);
}
