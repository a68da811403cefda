import type { HoldfastError } from "../errors.js";
import type { PackedVersion } from "./pack-set.js";
import type { Version } from "./version.js";

/** Why the line of a packed version can not be read. */
const reasons = new WeakMap<Version, HoldfastError>();

/**
 * Stands for a packed document whose line is damaged, so that it can be replaced or deleted. That it is there, which
 * commit wrote it and when it expires is known from the index. Its revision is not; but a commit gives a document one
 * revision at most, so it is none above the number of that commit, and this is what the next one counts from: revisions
 * never go back, and none is given out twice.
 */
export function unreadableVersion(packed: PackedVersion, reason: HoldfastError): Version {
  const { id, sequence, expiresAtMs } = packed.place;
  const version: Version = {
    id,
    deleted: false,
    revision: sequence,
    sequence,
    schemaVersion: 1,
    createdAt: "",
    createdSequence: sequence,
    createdIndex: 0,
    updatedAt: "",
    expiresAt: undefined,
    expiresAtMs,
    unknown: undefined,
    packed,
    bodyLength: 0,
    body: undefined,
    keys: [],
  };
  reasons.set(version, reason);
  return version;
}

/** @throws HoldfastError `CORRUPT` if it is the stand-in for one that can not be read. */
export function assertReadable(version: Version | undefined): void {
  const reason = version === undefined ? undefined : reasons.get(version);
  if (reason !== undefined) throw reason;
}

/**
 * What a new version takes over from the one before: when that was created, and its place in the order. Of one that can
 * not be read nothing is known of it, so the new one begins anew, as one that has none before it.
 */
export function originOf(replaced: Version | undefined): Version | undefined {
  return replaced === undefined || reasons.has(replaced) ? undefined : replaced;
}
