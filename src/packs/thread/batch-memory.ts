/**
 * Memory that both threads see, used over and over. Were it allocated for each batch, as much as is packed would go through
 * the runtime's own accounts of what it holds outside of its heaps, and these make it collect garbage: that took as much
 * time as packing.
 */
export class BatchMemory {
  readonly #usualBytes: number;
  readonly #free: SharedArrayBuffer[] = [];

  /** @param usualBytes how large a buffer is, unless more is asked for. */
  constructor(usualBytes: number) {
    this.#usualBytes = usualBytes;
  }

  take(bytes: number): SharedArrayBuffer {
    const free = bytes <= this.#usualBytes ? this.#free.pop() : undefined;
    return free ?? new SharedArrayBuffer(Math.max(bytes, this.#usualBytes));
  }

  /** Takes a buffer back that neither thread will look at again. */
  give(buffer: SharedArrayBuffer): void {
    if (buffer.byteLength === this.#usualBytes) this.#free.push(buffer);
  }
}
