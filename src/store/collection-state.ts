import type { CollectionDefinition, IndexValue } from "../collections/index.js";
import { compareByCreation, compareByKey, DocumentOrder, type ComparePlaces } from "./document-order.js";
import type { Version } from "./version.js";

/** The documents of one collection, in memory: heads and index values, not bodies. */
export class CollectionState {
  readonly name: string;
  definition: CollectionDefinition<unknown> | undefined;
  /** Acknowledged versions; what readers see. No deletions. */
  readonly acknowledged = new Map<string, Version>();
  /** Versions on their way to the journal, deletions among them; what `update` builds on. */
  readonly pending = new Map<string, Version>();
  /** Acknowledged versions, deletions among them, that are not in the collection's files yet. */
  dirty = new Map<string, Version>();
  /** The earliest moment at which one of the documents may expire. */
  soonestExpiry = Number.POSITIVE_INFINITY;
  /** Resolves when the index values of documents that were there before the definition have been gathered. */
  indexing: Promise<void> | undefined;
  #order = new DocumentOrder(compareByCreation);
  #indexes: Map<IndexValue, DocumentOrder>[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** The newest version, acknowledged or not; a deletion counts. */
  newest(id: string): Version | undefined {
    return this.pending.get(id) ?? this.acknowledged.get(id);
  }

  /** The order of listings. */
  get compare(): ComparePlaces {
    const { definition } = this;
    return definition?.order === undefined ? compareByCreation : compareByKey(Object.keys(definition.indexes).length);
  }

  /** All documents, or those with one value of an index, in the order of listings. */
  ordered(index?: number, value?: IndexValue): DocumentOrder | undefined {
    if (index === undefined) return this.#order;
    return value === undefined ? undefined : this.#indexes[index]?.get(value);
  }

  /** Takes in a version that is now durable. */
  acknowledge(version: Version): void {
    if (this.pending.get(version.id) === version) this.pending.delete(version.id);
    this.#replace(version);
    this.dirty.set(version.id, version);
  }

  /** Takes in a document that is in the collection's files. Only before {@link index}. */
  load(version: Version): void {
    this.acknowledged.set(version.id, version);
    this.soonestExpiry = Math.min(this.soonestExpiry, version.expiresAtMs);
  }

  /** Takes over the documents of another state of the same collection. */
  adopt(other: CollectionState): void {
    this.acknowledged.clear();
    for (const [id, version] of other.acknowledged) this.acknowledged.set(id, version);
    this.dirty = other.dirty;
    this.soonestExpiry = other.soonestExpiry;
    this.index();
  }

  /** Builds the orders anew from the documents and their keys. */
  index(): void {
    // Sorted once: what is picked out of it for an index value is in order too.
    const { compare } = this;
    const versions = [...this.acknowledged.values()].sort(compare);
    this.#order = DocumentOrder.of(versions, compare);
    const indexCount = Object.keys(this.definition?.indexes ?? {}).length;
    this.#indexes = Array.from({ length: indexCount }, (_, position) => {
      const groups = new Map<IndexValue, Version[]>();
      for (const version of versions) {
        const value = version.keys[position];
        if (value === undefined) continue;
        const group = groups.get(value);
        if (group === undefined) groups.set(value, [version]);
        else group.push(version);
      }
      return new Map([...groups].map(([value, group]) => [value, DocumentOrder.of(group, compare)]));
    });
  }

  #replace(version: Version): void {
    const former = this.acknowledged.get(version.id);
    if (former !== undefined) this.#removeFromOrders(former);
    if (version.deleted) {
      this.acknowledged.delete(version.id);
      return;
    }
    this.acknowledged.set(version.id, version);
    this.soonestExpiry = Math.min(this.soonestExpiry, version.expiresAtMs);
    this.#order.insert(version);
    for (const [position, orders] of this.#indexes.entries()) {
      const value = version.keys[position];
      if (value === undefined) continue;
      let order = orders.get(value);
      if (order === undefined) orders.set(value, (order = new DocumentOrder(this.compare)));
      order.insert(version);
    }
  }

  #removeFromOrders(version: Version): void {
    this.#order.remove(version);
    for (const [position, orders] of this.#indexes.entries()) {
      const value = version.keys[position];
      const order = value === undefined ? undefined : orders.get(value);
      if (value === undefined || order === undefined) continue;
      order.remove(version);
      if (order.size === 0) orders.delete(value);
    }
  }
}
