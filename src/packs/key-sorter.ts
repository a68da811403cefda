import { compareBytes } from "./compare-bytes.js";
import type { KeyBytes } from "./key-bytes.js";
import type { Output } from "./output.js";
import type { Pacer } from "./pacer.js";
import type { RunStore } from "./run-store.js";
import { entryOverhead, SortedRun } from "./sorted-run.js";
import { drain, SourceHeap } from "./source-heap.js";
import type { TableWriter } from "./table-writer.js";

/** So many entries are sorted in one go, within a few milliseconds. */
const runEntries = 4096;
/** How many bytes of runs are kept in memory before they become one run in a file. */
const runBytes = 8 * 1024 * 1024;

/**
 * Brings the entries of one table into the order of their keys: short runs are sorted in memory, and merged; where they
 * become many, into longer ones in a file. So neither the memory nor the time without a pause grows with the pack.
 */
export class KeySorter {
  readonly #store: RunStore;
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #length = 0;
  readonly #starts = new Uint32Array(runEntries + 1);
  readonly #ordinals = new Uint32Array(runEntries);
  #count = 0;
  #runs: Buffer[] = [];
  #bytesOfRuns = 0;
  readonly #spilled: { readonly position: number; readonly length: number }[] = [];

  constructor(store: RunStore) {
    this.#store = store;
  }

  /** Whether a run is complete, and {@link endRun} should be called before the next entry. */
  get isFull(): boolean {
    return this.#count === runEntries;
  }

  add(key: KeyBytes, ordinal: number): void {
    const end = this.#length + key.length;
    if (end > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(end, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    const from = key.bytes;
    const to = this.#bytes;
    for (let at = 0, target = this.#length; target < end; at += 1, target += 1) to[target] = from[at] as number;
    this.#starts[this.#count] = this.#length;
    this.#ordinals[this.#count] = ordinal;
    this.#length = end;
    this.#count += 1;
    this.#starts[this.#count] = end;
  }

  async endRun(pacer: Pacer): Promise<void> {
    if (this.#count === 0) return;
    const run = this.#sortedRun();
    this.#runs.push(run);
    this.#bytesOfRuns += run.length;
    this.#count = 0;
    this.#length = 0;
    if (this.#bytesOfRuns > runBytes && this.#store.canSpill) await this.#spill(pacer);
    await pacer.pause();
  }

  /** Writes everything into a table. @param payloadBytes 4, or 0 where the ordinal is in the key already. */
  async drainInto(table: TableWriter, output: Output, payloadBytes: 0 | 4, pacer: Pacer): Promise<void> {
    await this.endRun(pacer);
    const sources = this.#runs.map((run) => SortedRun.inMemory(run));
    for (const { position, length } of this.#spilled) {
      sources.push(SortedRun.inFile(await this.#store.reading(), position, length));
    }
    const ordinal = Buffer.alloc(4);
    const emit = (source: SortedRun): void => {
      ordinal.writeUInt32BE(source.ordinal);
      table.add(source.key, source.keyLength, ordinal, 0, payloadBytes);
    };
    await drain(await SourceHeap.of(sources), emit, output, pacer);
    this.#runs = [];
  }

  #sortedRun(): Buffer {
    const bytes = this.#bytes;
    const starts = this.#starts;
    const order = new Uint16Array(this.#count);
    for (let index = 0; index < order.length; index += 1) order[index] = index;
    order.sort((left, right) =>
      compareBytes(
        bytes,
        starts[left] as number,
        starts[left + 1] as number,
        bytes,
        starts[right] as number,
        starts[right + 1] as number,
      ),
    );
    const run = Buffer.allocUnsafeSlow(this.#length + this.#count * entryOverhead);
    let at = 0;
    for (const index of order) {
      const start = starts[index] as number;
      const end = starts[index + 1] as number;
      at = run.writeUInt32BE(end - start, at);
      for (let from = start; from < end; from += 1) run[at++] = bytes[from] as number;
      at = run.writeUInt32BE(this.#ordinals[index] as number, at);
    }
    return run;
  }

  /** Makes the runs in memory one in the file. */
  async #spill(pacer: Pacer): Promise<void> {
    const output = await this.#store.writing();
    const position = output.position;
    const prefix = Buffer.alloc(4);
    const emit = ({ key, keyLength, ordinal }: SortedRun): void => {
      prefix.writeUInt32BE(keyLength);
      output.append(prefix, 0, 4);
      output.append(key, 0, keyLength);
      prefix.writeUInt32BE(ordinal);
      output.append(prefix, 0, 4);
    };
    await drain(await SourceHeap.of(this.#runs.map((run) => SortedRun.inMemory(run))), emit, output, pacer);
    this.#spilled.push({ position, length: output.position - position });
    this.#runs = [];
    this.#bytesOfRuns = 0;
  }
}
