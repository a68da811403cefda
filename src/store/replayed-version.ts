import type { CollectionDefinition, IndexValue } from "../collections/index.js";
import type { EncodedText, StoredText } from "../files/encoded-text.js";
import type { CommitRecord, PutOperation } from "../journal/record.js";
import { hasKeys, storedKeys } from "./index-keys.js";
import { expiryOf, type Version } from "./version.js";

/**
 * A version as replay finds it. Its body stays where it was read, and is neither decoded nor parsed before somebody asks
 * for it or for what it is indexed by: who opens a directory waits for all of these, and needs next to none.
 */
export class ReplayedVersion implements Version {
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
  readonly unknown = undefined;
  readonly packed = undefined;
  /** In bytes, which are as many as UTF-16 units, or more. */
  readonly bodyLength: number;
  readonly #definition: CollectionDefinition<unknown> | undefined;
  #body: StoredText | undefined;
  #keys: readonly (IndexValue | undefined)[] | undefined;

  constructor(
    definition: CollectionDefinition<unknown> | undefined,
    put: PutOperation,
    { sequence, time }: CommitRecord,
    body: EncodedText,
  ) {
    this.id = put.id;
    this.revision = put.revision;
    this.sequence = sequence;
    this.schemaVersion = put.schemaVersion;
    this.createdAt = put.createdAt;
    this.createdSequence = put.createdSequence;
    this.createdIndex = put.createdIndex;
    this.updatedAt = time;
    this.expiresAt = put.expiresAt;
    this.expiresAtMs = expiryOf(put.expiresAt);
    this.bodyLength = body.length;
    this.#definition = definition;
    this.#body = body;
    if (definition === undefined || !hasKeys(definition)) this.#keys = [];
  }

  get body(): StoredText | undefined {
    return this.#body;
  }

  /** Gives the body up; what it is indexed by is still asked for. */
  set body(body: StoredText | undefined) {
    this.#keys = this.keys;
    this.#body = body;
  }

  get keys(): readonly (IndexValue | undefined)[] {
    return (this.#keys ??= storedKeys(this.#definition, this, String(this.#body ?? "null")));
  }

  set keys(keys: readonly (IndexValue | undefined)[]) {
    this.#keys = keys;
  }
}
