import { join } from "node:path";
import { setImmediate as giveWay } from "node:timers/promises";
import { HoldfastError, isHoldfastError } from "../errors.js";
import type { EncodedText } from "../files/encoded-text.js";
import { writeFully, type FileSystem } from "../files/file-system.js";
import { isFullDisk, journalFailure, storageError } from "../files/storage-error.js";
import { commitJson, encodedOperations, encodeLine, lineBound, type SegmentHeader } from "./record.js";
import { SegmentSupply, type PreparedSegment } from "./segment-supply.js";
import { startSegment, type CurrentSegment } from "./start-segment.js";

/** A transaction on its way to the journal. */
export interface JournalEntry {
  readonly sequence: number;
  readonly time: string;
  /** Its operations as JSON, joined by commas. */
  readonly operations: string;
  /** How many they are. */
  readonly count: number;
  /** True if it only frees space: such entries may use what is kept in reserve on a full disk. */
  readonly deletesOnly: boolean;
  /** Set by the journal: the operations as they went to the disk, in memory that is theirs to keep. */
  encoded?: EncodedText | undefined;
}

/** What the journal tells the store, in the order of sequence numbers. None of these may throw. */
export interface JournalListener {
  /** Everything up to `sequence` is on disk and this writer still owned the directory afterwards: it may be promised. */
  durable(sequence: number): void;
  /** Everything appended and not durable was refused, and nothing of it written; the journal goes on. */
  refused(error: HoldfastError): void;
  /** The disk is full: until `resumed`, only what still fits is taken. */
  full(error: HoldfastError): void;
  resumed(): void;
  /** Everything appended and not durable is in doubt, and nothing more will be written. */
  failed(error: HoldfastError): void;
}

export interface JournalOptions {
  readonly fileSystem: FileSystem;
  /** The folder of the segments. */
  readonly directory: string;
  readonly storeId: string;
  readonly epoch: number;
  /** The segment before the first one written here, sealed at this length. */
  readonly previous: SegmentHeader["previous"];
  /** The last sequence number that is taken; all up to it are durable. */
  readonly lastSequence: number;
  /** Throws `WRITER_FENCED` if the directory has another owner. */
  readonly checkFence: () => void;
  readonly firstSegmentBytes: number;
  readonly segmentBytes: number;
  /** The last bytes of a segment that only deletions may use while no further segment can be had. */
  readonly reserveBytes: number;
}

interface EncodedBatch {
  readonly bytes: Buffer;
  readonly entries: number;
  readonly deletesOnly: boolean;
  readonly lastSequence: number;
}

/** What a line holds besides its operations, generously. */
const lineOverheadBytes = 200;
/** More than a watermark's own line takes: it holds one number. */
const watermarkBytes = 64;
const largestBatchBytes = 4 * 1024 * 1024;
/** What lines are encoded into. A body in memory keeps the whole of it there, until a checkpoint has moved the last. */
const chunkBytes = 1024 * 1024;
const watermarkDelayMs = 5;
const fullDiskRetryMs = 200;

/**
 * The write-ahead journal of one owner, with group commit: one write is in flight at a time, and everything that
 * arrives meanwhile forms the next. A batch is acknowledged after its write returned from the disk *and* the fence was
 * found unbroken, in this order: the next owner claims first and then reads how far we got, so a write it did not see
 * is one that finds its claim.
 */
export class JournalWriter {
  readonly #options: JournalOptions;
  readonly #listener: JournalListener;
  readonly #supply: SegmentSupply;
  readonly #sealed: string[] = [];
  #queue: JournalEntry[] = [];
  /** `undefined` until the first write of an owner that found the disk full. */
  #segment: CurrentSegment | undefined;
  #chunk = Buffer.allocUnsafe(chunkBytes);
  /** Where the next batch goes; what lies before it is handed out. */
  #chunkUsed = 0;
  /** How many writers shared the last batch. */
  #lastBatchEntries = 0;
  #durable: number;
  /** The watermark that the journal itself already carries. */
  #recordedWatermark: number;
  #running: Promise<void> | undefined;
  #watermarkTimer: NodeJS.Timeout | undefined;
  #fullRetryTimer: NodeJS.Timeout | undefined;
  /** The attempt to have a segment again that is under way. */
  #resuming: Promise<void> | undefined;
  #full: HoldfastError | undefined;
  #failure: HoldfastError | undefined;
  #closed = false;
  /** Bytes of all lines written by this writer. */
  writtenBytes = 0;
  batches = 0;

  private constructor(
    options: JournalOptions,
    listener: JournalListener,
    supply: SegmentSupply,
    segment: CurrentSegment | undefined,
  ) {
    this.#options = options;
    this.#listener = listener;
    this.#supply = supply;
    this.#segment = segment;
    this.#durable = options.lastSequence;
    this.#recordedWatermark = options.lastSequence;
  }

  /**
   * Starts this owner's first segment: when it resolves, the predecessor is sealed. On a full disk it starts none, and
   * the listener is told before this resolves; then what was read of the predecessor is as good as sealed, since all
   * that an earlier owner still writes finds our claim and is not acknowledged. The first deletion starts the segment
   * that stands by; an owner that deletes nothing leaves it to the next.
   */
  static async open(options: JournalOptions, listener: JournalListener): Promise<JournalWriter> {
    const supply = new SegmentSupply(options.fileSystem, options.directory, {
      firstBytes: options.firstSegmentBytes,
      largestBytes: options.segmentBytes,
      standbyBytes: options.reserveBytes + lineOverheadBytes * 4,
    });
    const writer = new JournalWriter(options, listener, supply, undefined);
    try {
      await writer.#nextSegment(0, false);
      await supply.establishStandby();
    } catch (error) {
      if (!isFullDisk(error)) {
        await writer.close();
        throw error;
      }
      writer.#becomeFull(storageError(error, "prepare the first journal segment", options.directory));
    }
    return writer;
  }

  /** Names of this owner's segments, the current one last. */
  get segments(): readonly string[] {
    return this.#segment === undefined ? [] : [...this.#sealed, this.#segment.name];
  }

  get currentSegment(): { readonly name: string; readonly length: number } | undefined {
    return this.#segment && { name: this.#segment.name, length: this.#segment.position };
  }

  /** Why nothing but deletions is taken at the moment, if so. */
  get full(): HoldfastError | undefined {
    return this.#full;
  }

  /**
   * Whether an entry may be appended now. On a full disk writes are refused before anything is promised, and deletions
   * may use what was kept for them.
   */
  admits(entry: Pick<JournalEntry, "operations" | "deletesOnly">): boolean {
    if (this.#full === undefined) return true;
    const wanted = [...this.#queue, entry].map(({ operations }) => Buffer.byteLength(operations) + lineOverheadBytes);
    return wanted.reduce((total, bytes) => total + bytes, 0) <= this.#room(entry.deletesOnly);
  }

  /** Queues an entry. Sequence numbers must follow one another. The outcome is told to the listener. */
  append(entry: JournalEntry): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new HoldfastError("CLOSED", "The journal is closed.");
    this.#queue.push(entry);
    // Behind everything that this turn of the event loop still brings, so that what arrives together shares a batch:
    // requests arrive in callbacks of their own, and a microtask would run between them. A writer that was alone the
    // last time does not wait for others; if they do come, they share the next batch.
    this.#running ??= (this.#lastBatchEntries > 1 ? giveWay() : Promise.resolve()).then(() => this.#run());
  }

  /** Resolves when nothing is queued or in flight. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Writes what is queued and gives everything back. The listener hears nothing after it resolved. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.idle();
    clearTimeout(this.#watermarkTimer);
    clearInterval(this.#fullRetryTimer);
    // Nothing of ours may still be on its way to the disk when the directory is another's.
    await this.#resuming;
    if (this.#failure === undefined && this.#recordedWatermark !== this.#durable) await this.#writeWatermark();
    await this.#segment?.file.close();
    await this.#supply.close().catch((error: unknown) => {
      // A segment that could not be prepared is the full disk again; there is nothing of it to give back.
      if (!isFullDisk(error)) throw error;
    });
  }

  /** Stops for good: used when the directory is lost. What is queued is told to have failed. */
  abandon(error: HoldfastError): void {
    this.#fail(error);
  }

  async #run(): Promise<void> {
    try {
      while (this.#queue.length > 0 && this.#failure === undefined) {
        await this.#writeBatch();
        // The acknowledged callers go on in the microtasks that follow; what they write next belongs in one batch.
        if (this.#lastBatchEntries > 1) await giveWay();
      }
    } catch (error) {
      this.#fail(journalFailure(error, "write the journal", this.#path()));
    } finally {
      this.#running = undefined;
      // What was appended while the loop was ending.
      if (this.#queue.length > 0 && this.#failure === undefined) this.#running = this.#run();
      else this.#scheduleWatermark();
    }
  }

  async #writeBatch(): Promise<void> {
    let batch = this.#encodeBatch();
    let segment = this.#segment;
    if (segment === undefined || batch.bytes.length > this.#room(batch.deletesOnly)) {
      try {
        segment = await this.#nextSegment(batch.bytes.length, batch.deletesOnly);
      } catch (error) {
        if (!isFullDisk(error)) throw error;
        this.#refuse(storageError(error, "prepare the next journal segment", this.#options.directory));
        return;
      }
      batch = this.#encodeBatch();
    }
    this.#queue.splice(0, batch.entries);
    this.#lastBatchEntries = batch.entries;
    this.#chunkUsed += batch.bytes.length;
    await this.#write(segment, batch.bytes);
    // Preparing the next segment may have failed meanwhile: whoever waited has been told that the outcome is in doubt.
    if (this.#failure !== undefined) return;
    this.#options.checkFence();
    this.batches += 1;
    this.#durable = batch.lastSequence;
    this.#listener.durable(batch.lastSequence);
    this.#prepareAhead();
  }

  /**
   * Bytes left for a batch. What its watermark takes is kept back: without it the batch would look to readers as if it
   * were not durable yet. While no further segment is ready, more is kept for deletions.
   */
  #room(deletesOnly: boolean): number {
    if (this.#segment === undefined) return deletesOnly ? this.#options.reserveBytes : 0;
    const reserve = deletesOnly || this.#supply.isReady ? 0 : this.#options.reserveBytes;
    return this.#segment.size - this.#segment.position - watermarkBytes - reserve;
  }

  /** Where it writes: the segment under its name, which the open file does not know, or the folder. */
  #path(): string {
    return join(this.#options.directory, this.#segment?.name ?? "");
  }

  /** Encodes the head of the queue, a bounded number of bytes of it. Nothing leaves the queue yet. */
  #encodeBatch(): EncodedBatch {
    let start = this.#chunkUsed;
    let offset = start;
    let entries = 0;
    let deletesOnly = true;
    let lastSequence = this.#durable;
    for (const entry of this.#queue) {
      if (entries > 0 && offset - start >= largestBatchBytes) break;
      const json = commitJson(entry.sequence, entry.time, this.#durable, entry.operations, entry.count);
      if (offset + lineBound(json) > this.#chunk.length) {
        this.#beginChunk(start, offset, lineBound(json));
        offset -= start;
        start = 0;
      }
      const end = encodeLine(this.#chunk, offset, json);
      entry.encoded = encodedOperations(this.#chunk, offset, end, json, entry.operations, entry.count);
      offset = end;
      entries += 1;
      deletesOnly &&= entry.deletesOnly;
      lastSequence = entry.sequence;
    }
    return { bytes: this.#chunk.subarray(start, offset), entries, deletesOnly, lastSequence };
  }

  /** Begins a chunk with the part of a batch that stands at the end of the current one: a batch is one write. */
  #beginChunk(start: number, end: number, needed: number): void {
    const former = this.#chunk;
    this.#chunk = Buffer.allocUnsafe(Math.max(chunkBytes, (end - start + needed) * 2));
    this.#chunkUsed = 0;
    former.copy(this.#chunk, 0, start, end);
  }

  async #write(segment: CurrentSegment, bytes: Buffer): Promise<void> {
    await writeFully(segment.file, bytes, segment.position);
    segment.position += bytes.length;
    this.writtenBytes += bytes.length;
    this.#recordedWatermark = this.#durable;
  }

  /** @param standbyWillDo whether, on a full disk, the segment that stands by may be used up. */
  async #nextSegment(batchBytes: number, standbyWillDo: boolean): Promise<CurrentSegment> {
    const sealed = this.#segment;
    const previous = sealed === undefined ? this.#options.previous : { segment: sealed.name, length: sealed.position };
    const take = async (bytes: number): Promise<PreparedSegment> => {
      try {
        return await this.#supply.take(bytes);
      } catch (error) {
        // It is all reserve, so nothing is kept back of it.
        const least = bytes - this.#options.reserveBytes;
        const standby = standbyWillDo && isFullDisk(error) ? await this.#supply.takeStandby(least) : undefined;
        if (standby === undefined) throw error;
        return standby;
      }
    };
    const segment = await startSegment(this.#options, take, this.#durable + 1, previous, batchBytes + watermarkBytes);
    this.#segment = segment;
    if (sealed !== undefined) {
      this.#sealed.push(sealed.name);
      await sealed.file.close();
    }
    return segment;
  }

  /** Past a quarter of the segment the next one is due: preparing it takes a while, and nobody should wait for it. */
  #prepareAhead(): void {
    if (this.#closed || this.#supply.isReady || this.#full !== undefined) return;
    if (this.#segment === undefined || this.#segment.position < this.#segment.size / 4) return;
    this.#supply.prepare().catch(this.#prepareFailed);
  }

  readonly #prepareFailed = (error: unknown): void => {
    const doing = "prepare the next journal segment";
    if (isFullDisk(error)) this.#becomeFull(storageError(error, doing, this.#options.directory));
    else this.#fail(journalFailure(error, doing, this.#options.directory));
  };

  #becomeFull(error: HoldfastError): void {
    if (this.#full === undefined) this.#listener.full(error);
    this.#full = error;
    if (this.#closed) return;
    this.#fullRetryTimer ??= setInterval(() => {
      // One at a time: on a slow disk an attempt may take longer than the pause before the next.
      this.#resuming ??= this.#resume()
        .catch((again: unknown) => {
          if (!isFullDisk(again)) this.#prepareFailed(again);
        })
        .finally(() => {
          this.#resuming = undefined;
        });
    }, fullDiskRetryMs).unref();
  }

  /** @throws the system's error; on a disk that is still full nothing has changed. */
  async #resume(): Promise<void> {
    if (!(await this.#supply.hasRoom())) return;
    // The smaller one first: the next owner may find less space than this one has now.
    await this.#supply.establishStandby();
    await this.#supply.prepare();
    if (this.#full === undefined || this.#closed) return;
    clearInterval(this.#fullRetryTimer);
    this.#fullRetryTimer = undefined;
    this.#full = undefined;
    this.#listener.resumed();
  }

  /** The disk is full and the batch does not fit: none of it was written, and later entries may build on it. */
  #refuse(error: HoldfastError): void {
    this.#queue = [];
    this.#becomeFull(error);
    this.#listener.refused(error);
  }

  /**
   * A write or sync failed, so what is on disk is unknown: the kernel may have dropped the pages and would report
   * success the next time. Nothing is ever written again; opening anew reads what is really there.
   */
  #fail(error: HoldfastError): void {
    if (this.#failure !== undefined) return;
    this.#failure = this.#fencing() ?? error;
    this.#queue = [];
    clearTimeout(this.#watermarkTimer);
    clearInterval(this.#fullRetryTimer);
    this.#listener.failed(this.#failure);
  }

  /** Whoever lost the directory meets its successor's tidying up in many ways; the reason is one. */
  #fencing(): HoldfastError | undefined {
    try {
      this.#options.checkFence();
      return undefined;
    } catch (error) {
      return isHoldfastError(error, "WRITER_FENCED") ? error : undefined;
    }
  }

  /**
   * The last batch has no successor to carry its watermark. A line of its own, once the journal falls idle, tells
   * readers in other processes that it is durable, and lets recovery tell damage to it from a torn tail.
   */
  #scheduleWatermark(): void {
    if (this.#closed || this.#failure !== undefined || this.#recordedWatermark === this.#durable) return;
    this.#watermarkTimer ??= setTimeout(() => {
      this.#watermarkTimer = undefined;
      if (this.#running !== undefined || this.#closed || this.#failure !== undefined) return;
      // Not begun in this turn: it might end in this turn too, and would then count as running for ever.
      this.#running = giveWay().then(() => this.#writeWatermark());
    }, watermarkDelayMs).unref();
  }

  async #writeWatermark(): Promise<void> {
    const segment = this.#segment;
    const line = Buffer.allocUnsafe(watermarkBytes);
    try {
      // Without a segment nothing has become durable that a watermark could tell of.
      if (segment === undefined) return;
      const end = encodeLine(line, 0, JSON.stringify({ durable: this.#durable }));
      if (end <= segment.size - segment.position) await this.#write(segment, line.subarray(0, end));
    } catch (error) {
      this.#fail(journalFailure(error, "write the journal", this.#path()));
    } finally {
      this.#running = undefined;
      if (this.#queue.length > 0 && this.#failure === undefined) this.#running = this.#run();
    }
  }
}
