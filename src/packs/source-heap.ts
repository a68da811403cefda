import { compareBytes } from "./compare-bytes.js";
import type { Output } from "./output.js";
import type { Pacer } from "./pacer.js";

/** A sorted stream of entries, which stands on one of them. */
export interface SortedSource {
  /** The key it stands on: valid until it steps on. */
  readonly key: Buffer;
  readonly keyLength: number;
  /** Goes to the next entry, if that is in memory. @returns whether it did. */
  step(): boolean;
  /** Reads on, and goes to the next entry. @returns false at the end. */
  load(): Promise<boolean>;
}

/** Merges sorted streams: the one that stands on the least key is on top; of equal ones, that which was given first. */
export class SourceHeap<Source extends SortedSource> {
  readonly #sources: { readonly source: Source; readonly rank: number }[] = [];

  static async of<Source extends SortedSource>(sources: readonly Source[]): Promise<SourceHeap<Source>> {
    const heap = new SourceHeap<Source>();
    for (const [rank, source] of sources.entries()) {
      if (source.step() || (await source.load())) heap.#sources.push({ source, rank });
    }
    for (let at = (heap.#sources.length >> 1) - 1; at >= 0; at -= 1) heap.#sink(at);
    return heap;
  }

  /** `undefined` when all have ended. */
  get top(): Source | undefined {
    return this.#sources[0]?.source;
  }

  /** Moves the top on, if what follows is in memory. @returns whether it did; if not, {@link load} it. */
  step(): boolean {
    const stepped = this.#sources[0]?.source.step() === true;
    if (stepped) this.#sink(0);
    return stepped;
  }

  async load(): Promise<void> {
    const top = this.#sources[0];
    if (top === undefined) return;
    if (!(await top.source.load())) {
      const last = this.#sources.pop();
      if (last !== undefined && last !== top) this.#sources[0] = last;
    }
    this.#sink(0);
  }

  #sink(from: number): void {
    const sources = this.#sources;
    let at = from;
    for (;;) {
      let least = at;
      const left = 2 * at + 1;
      if (left < sources.length && this.#isBefore(left, least)) least = left;
      if (left + 1 < sources.length && this.#isBefore(left + 1, least)) least = left + 1;
      if (least === at) return;
      const moved = sources[at];
      sources[at] = sources[least] as (typeof sources)[number];
      sources[least] = moved as (typeof sources)[number];
      at = least;
    }
  }

  #isBefore(left: number, right: number): boolean {
    const one = this.#sources[left] as { source: Source; rank: number };
    const other = this.#sources[right] as { source: Source; rank: number };
    const order = compareBytes(one.source.key, 0, one.source.keyLength, other.source.key, 0, other.source.keyLength);
    return order < 0 || (order === 0 && one.rank < other.rank);
  }
}

/** Hands out everything in order, and gives way now and then. */
export async function drain<Source extends SortedSource>(
  heap: SourceHeap<Source>,
  emit: (source: Source) => void,
  output: Output,
  pacer: Pacer,
): Promise<void> {
  for (let top = heap.top; top !== undefined; top = heap.top) {
    emit(top);
    if (!heap.step()) await heap.load();
    if (output.isFull) await output.flush();
    if (pacer.due()) await pacer.pause();
  }
}
