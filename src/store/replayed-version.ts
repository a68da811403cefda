import type { CollectionDefinition, IndexValue } from "../collections/index.js";
import type { StoredText } from "../files/encoded-text.js";
import type { PutCommit } from "../journal/put-commit.js";
import { hasKeys, storedKeys } from "./index-keys.js";
import { expiryOf, type Version } from "./version.js";

/**
 * A version as replay finds it. Its body stays where it was read, and is neither decoded nor parsed before somebody asks
 * for it or for what it is indexed by: who opens a directory waits for all of these, and needs next to none. For the same
 * reason nothing is copied out of the commit.
 */
export class ReplayedVersion implements Version {
  readonly deleted = false;
  readonly bodyLength: number;
  readonly #put: PutCommit;
  readonly #definition: CollectionDefinition<unknown> | undefined;
  #keys: readonly (IndexValue | undefined)[] | undefined;

  constructor(definition: CollectionDefinition<unknown> | undefined, put: PutCommit) {
    this.#put = put;
    this.#definition = definition;
    // In bytes, which are as many as UTF-16 units, or more.
    this.bodyLength = put.body?.length ?? 0;
  }

  get id(): string {
    return this.#put.id;
  }

  get revision(): number {
    return this.#put.revision;
  }

  get sequence(): number {
    return this.#put.sequence;
  }

  get schemaVersion(): number {
    return this.#put.schemaVersion;
  }

  get createdAt(): string {
    return this.#put.createdAt;
  }

  get createdSequence(): number {
    return this.#put.createdSequence;
  }

  get createdIndex(): number {
    return this.#put.createdIndex;
  }

  get updatedAt(): string {
    return this.#put.time;
  }

  get expiresAt(): string | undefined {
    return this.#put.expiresAt;
  }

  get expiresAtMs(): number {
    return expiryOf(this.#put.expiresAt);
  }

  get unknown(): undefined {
    return undefined;
  }

  get packed(): undefined {
    return undefined;
  }

  get body(): StoredText | undefined {
    return this.#put.body;
  }

  /** Gives the body up; what it is indexed by is still asked for. */
  set body(body: StoredText | undefined) {
    this.#keys = this.keys;
    this.#put.body = body;
  }

  get keys(): readonly (IndexValue | undefined)[] {
    if (this.#keys !== undefined) return this.#keys;
    const definition = this.#definition;
    const isIndexed = definition !== undefined && hasKeys(definition);
    return (this.#keys = isIndexed ? storedKeys(definition, this, String(this.body ?? "null")) : []);
  }

  set keys(keys: readonly (IndexValue | undefined)[]) {
    this.#keys = keys;
  }
}
