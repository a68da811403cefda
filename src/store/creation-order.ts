import { compareByCreation, type Version } from "./version.js";

/**
 * Versions in the order their documents were created. Documents are created in order, so almost every insertion is at
 * the end; a removal leaves a hole, and holes are closed when they outnumber what is there.
 */
export class CreationOrder {
  #slots: (Version | undefined)[] = [];
  /** The place of each slot, kept when it becomes a hole, so that binary search still works. */
  #places: Version[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** An order of versions that are in order already. */
  static of(sorted: Version[]): CreationOrder {
    const order = new CreationOrder();
    order.#slots = sorted.slice();
    order.#places = sorted.slice();
    order.#size = sorted.length;
    return order;
  }

  insert(version: Version): void {
    const at = this.#lowerBound(version);
    const taken = this.#places[at];
    if (taken !== undefined && compareByCreation(taken, version) === 0) {
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
    if (place === undefined || compareByCreation(place, version) !== 0 || this.#slots[at] === undefined) return;
    this.#slots[at] = undefined;
    this.#size -= 1;
    if (this.#slots.length > 32 && this.#size < this.#slots.length / 2) {
      this.#slots = this.#slots.filter((slot) => slot !== undefined);
      this.#places = this.#slots.slice() as Version[];
    }
  }

  /** Upwards from behind `after`, or downwards from before it; from the end that comes first without one. */
  *walk(direction: "asc" | "desc", after?: Version): Generator<Version> {
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

  #holds(at: number, version: Version): boolean {
    const place = this.#places[at];
    return place !== undefined && compareByCreation(place, version) === 0;
  }

  /** The first slot whose place is not before that of `version`. */
  #lowerBound(version: Version): number {
    const last = this.#places.at(-1);
    if (last === undefined || compareByCreation(last, version) < 0) return this.#places.length;
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareByCreation(this.#places[middle] as Version, version) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
