import * as fs from "node:fs";

/** One in so many reads is timed: to look at the clock twice costs half as much as the read. */
export const readsPerTiming = 8;
/** A longer read takes longer from memory too, and brings its neighbours in by itself. */
const longestTimedBytes = 16 * 1024;
/** From memory a small piece comes in some microseconds; from all but the fastest disks it takes longer than this. */
const usualSlowMs = 0.03;
/** How long the parts are that a file is thought to be cut into. */
export const partBytes = 4 * 1024 * 1024;
/** A part is read around once in so long: if it is cold again before, its memory is wanted by others. */
const lapMs = 10 * 60_000;

/** Where all of them read to, one at a time, for what is read is thrown away. */
const sharedRoom: { bytes: Buffer | undefined; isTaken: boolean } = { bytes: undefined, isTaken: false };

/**
 * Warms a file up that small pieces are read from at random. After a restart, or a quiet night, the system holds nothing
 * of it in memory, and reads no more of it than it is asked for: a file of a gigabyte then takes hundreds of thousands of
 * reads from the disk, each of which holds up the thread, until it is warm again. So when a read was slow, the part of
 * the file that it lies in is read as well, by another thread: of a thousand reads from the disk that makes one.
 *
 * Nothing depends on it. There is one such read at a time in a process, so that commits find the other threads free; and
 * there are none in a file that would take more than half of the memory that is left: they would only drive out what is
 * warm.
 */
export class ReadAround {
  readonly #descriptor: number;
  readonly #slowMs: number;
  /** Which parts of the file have been read around since the lap began. */
  readonly parts = new Set<number>();
  #reads = 0;
  #lapEnds = 0;
  /** Whether there is no point in it, in this lap. */
  #isOff = false;
  #reading: Promise<void> | undefined;

  /** @param descriptor of a file that does not change. @param slowMs a read that took longer was slow. */
  constructor(descriptor: number, slowMs = usualSlowMs) {
    this.#descriptor = descriptor;
    this.#slowMs = slowMs;
  }

  /** Reads as `fs.readSync` does, and begins to read around it if that was slow. */
  readNow(buffer: Uint8Array, offset: number, length: number, position: number): number {
    this.#reads += 1;
    if (this.#reads % readsPerTiming !== 0 || length > longestTimedBytes)
      return fs.readSync(this.#descriptor, buffer, offset, length, position);
    const begin = performance.now();
    const count = fs.readSync(this.#descriptor, buffer, offset, length, position);
    const end = performance.now();
    if (end - begin > this.#slowMs && !sharedRoom.isTaken) this.#begin(position, end);
    return count;
  }

  /** @returns once the file may be closed. */
  async settled(): Promise<void> {
    await this.#reading;
  }

  #begin(position: number, now: number): void {
    if (now >= this.#lapEnds) {
      this.#lapEnds = now + lapMs;
      this.#isOff = fs.fstatSync(this.#descriptor).size > process.availableMemory() / 2;
      this.parts.clear();
    }
    const part = Math.floor(position / partBytes);
    if (this.#isOff || this.parts.has(part)) return;
    this.parts.add(part);
    this.#reading = this.#read(part);
  }

  #read(part: number): Promise<void> {
    sharedRoom.isTaken = true;
    const room = (sharedRoom.bytes ??= Buffer.allocUnsafeSlow(partBytes));
    return new Promise((resolve) => {
      fs.read(this.#descriptor, room, 0, partBytes, part * partBytes, (error) => {
        sharedRoom.isTaken = false;
        // Whoever wants what could not be read here meets the error in reading it; nothing is to be gained from going on.
        if (error !== null) this.#isOff = true;
        resolve();
      });
    });
  }
}
