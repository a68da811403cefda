import type { IndexValue } from "../collections/index.js";
import { DocumentOrder, type ComparePlaces } from "./document-order.js";
import type { Version } from "./version.js";

/** The versions in memory in the order of listings: all of them, and those with one value of an index. */
export class RecentOrders {
  readonly #compare: ComparePlaces;
  readonly #all: DocumentOrder;
  readonly #indexes: readonly Map<IndexValue, DocumentOrder>[];

  /** @param indexes how many indexes the collection declares. */
  constructor(recent: Iterable<Version>, compare: ComparePlaces, indexes: number) {
    // Sorted once: what is picked out of it for an index value is in order too.
    const versions = [...recent].filter(({ deleted }) => !deleted).sort(compare);
    this.#compare = compare;
    this.#all = DocumentOrder.of(versions, compare);
    this.#indexes = Array.from({ length: indexes }, (_, position) => {
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

  /** @returns `undefined` if no version has the value. */
  order(index?: number, value?: IndexValue): DocumentOrder | undefined {
    return index === undefined ? this.#all : this.#indexes[index]?.get(value as IndexValue);
  }

  insert(version: Version): void {
    this.#all.insert(version);
    for (const [position, orders] of this.#indexes.entries()) {
      const value = version.keys[position];
      if (value === undefined) continue;
      let order = orders.get(value);
      if (order === undefined) orders.set(value, (order = new DocumentOrder(this.#compare)));
      order.insert(version);
    }
  }

  remove(version: Version): void {
    this.#all.remove(version);
    for (const [position, orders] of this.#indexes.entries()) {
      const value = version.keys[position];
      const order = value === undefined ? undefined : orders.get(value);
      if (value === undefined || order === undefined) continue;
      order.remove(version);
      if (order.size === 0) orders.delete(value);
    }
  }
}
