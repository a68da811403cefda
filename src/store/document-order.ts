import type { IndexValue } from "../collections/index.js";
import type { Version } from "./version.js";

/** Where a version stands among those of its collection. */
export type Place = Pick<Version, "id" | "createdSequence" | "createdIndex" | "keys">;

/** Negative if the left place comes first; 0 only for one and the same place. */
export type ComparePlaces = (left: Place, right: Place) => number;

/** By creation: by commit, and within a commit as it was written. */
export function compareByCreation(left: Place, right: Place): number {
  return left.createdSequence - right.createdSequence || left.createdIndex - right.createdIndex;
}

/** By the value of a member, which stands at `position` among the keys; ties by id. */
export function compareByKey(position: number): ComparePlaces {
  return (left, right) =>
    compareValues(left.keys[position], right.keys[position]) || (left.id < right.id ? -1 : left.id > right.id ? 1 : 0);
}

function compareValues(left: IndexValue | undefined, right: IndexValue | undefined): number {
  if (left === right) return 0;
  if (left === undefined) return -1;
  if (right === undefined) return 1;
  if (typeof left !== typeof right) return typeof left < typeof right ? -1 : 1;
  return left < right ? -1 : 1;
}

/**
 * Versions in the order of listings. Documents are mostly created in that order, so almost every insertion is at the
 * end; a removal leaves a hole, and holes are closed when they outnumber what is there.
 */
export class DocumentOrder {
  readonly #compare: ComparePlaces;
  #slots: (Version | undefined)[] = [];
  /** The place of each slot, kept when it becomes a hole, so that binary search still works. */
  #places: Version[] = [];
  #size = 0;

  constructor(compare: ComparePlaces) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  /** An order of versions that are in order already. */
  static of(sorted: Version[], compare: ComparePlaces): DocumentOrder {
    const order = new DocumentOrder(compare);
    order.#slots = sorted.slice();
    order.#places = sorted.slice();
    order.#size = sorted.length;
    return order;
  }

  insert(version: Version): void {
    const at = this.#lowerBound(version);
    const taken = this.#places[at];
    if (taken !== undefined && this.#compare(taken, version) === 0) {
      if (this.#slots[at] === undefined) this.#size += 1;
      this.#slots[at] = version;
      this.#places[at] = version;
      return;
    }
    if (at === this.#slots.length) {
      this.#slots.push(version);
      this.#places.push(version);
    } else {
      this.#slots.splice(at, 0, version);
      this.#places.splice(at, 0, version);
    }
    this.#size += 1;
  }

  remove(version: Version): void {
    const at = this.#lowerBound(version);
    const place = this.#places[at];
    if (place === undefined || this.#compare(place, version) !== 0 || this.#slots[at] === undefined) return;
    this.#slots[at] = undefined;
    this.#size -= 1;
    if (this.#slots.length > 32 && this.#size < this.#slots.length / 2) {
      this.#slots = this.#slots.filter((slot) => slot !== undefined);
      this.#places = this.#slots.slice() as Version[];
    }
  }

  /** Upwards from behind `after`, or downwards from before it; from the end that comes first without one. */
  *walk(direction: "asc" | "desc", after?: Place): Generator<Version> {
    // A snapshot of the array, not of its content: `slots` is replaced when holes are closed, never reordered.
    const slots = this.#slots;
    if (direction === "asc") {
      let at = after === undefined ? 0 : this.#lowerBound(after);
      if (after !== undefined && this.#holds(at, after)) at += 1;
      for (; at < slots.length; at += 1) {
        const version = slots[at];
        if (version !== undefined) yield version;
      }
    } else {
      for (let at = (after === undefined ? slots.length : this.#lowerBound(after)) - 1; at >= 0; at -= 1) {
        const version = slots[at];
        if (version !== undefined) yield version;
      }
    }
  }

  #holds(at: number, version: Place): boolean {
    const place = this.#places[at];
    return place !== undefined && this.#compare(place, version) === 0;
  }

  /** The first slot whose place is not before that of `version`. */
  #lowerBound(version: Place): number {
    const last = this.#places.at(-1);
    if (last === undefined || this.#compare(last, version) < 0) return this.#places.length;
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(this.#places[middle] as Version, version) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
