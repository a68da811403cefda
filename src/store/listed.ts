import type { WalkedEntry } from "../packs/index.js";
import type { PackedVersion } from "./pack-set.js";
import type { Version } from "./version.js";

/** A document as listings come upon it: in memory, or in a pack and mostly not read yet. */
export interface Listed {
  readonly id: string;
  /** Where it stands in the order of listings; compares as JavaScript strings do. */
  readonly orderKey: string;
  readonly expiresAtMs: number;
  readonly version: Version | undefined;
  readonly packed: PackedVersion | undefined;
  /** The version in the pack, if it has been read lately. */
  readonly read: Version | undefined;
}

/** A document that is in a pack. */
export class PackedListed implements Listed {
  readonly id: string;
  readonly expiresAtMs: number;
  readonly version = undefined;
  readonly packed: PackedVersion;
  readonly read: Version | undefined;
  readonly #entry: WalkedEntry;

  constructor(entry: WalkedEntry, packed: PackedVersion, read: Version | undefined) {
    this.#entry = entry;
    this.id = packed.place.id;
    this.expiresAtMs = packed.place.expiresAtMs;
    this.packed = packed;
    this.read = read;
  }

  get orderKey(): string {
    return this.#entry.orderKey;
  }
}
