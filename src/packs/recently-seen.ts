/**
 * Remembers, in a bounded room, names that were seen lately: each has one place, where the next one that belongs there
 * overwrites it.
 */
export class RecentlySeen {
  readonly #names: Uint32Array;

  /** @param names about how many it has room for: the power of two that is not above it, and at least one. */
  constructor(names: number) {
    this.#names = new Uint32Array(2 ** Math.floor(Math.log2(Math.max(names, 1))));
  }

  /** @param name of which 32 bits count; the lowest choose its place. @returns whether it was seen before, and not forgotten. */
  see(name: number): boolean {
    // A place that was never used holds 0, so that is nobody's name.
    const seen = name >>> 0 || 1;
    const place = seen & (this.#names.length - 1);
    if (this.#names[place] === seen) return true;
    this.#names[place] = seen;
    return false;
  }
}
