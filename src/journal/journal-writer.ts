import { join } from "node:path";
import { setImmediate as giveWay } from "node:timers/promises";
import { HoldfastError, isHoldfastError } from "../errors.js";
import { writeFully, type FileSystem, type OpenFile } from "../files/file-system.js";
import { isFullDisk, storageError } from "../files/storage-error.js";
import { commitJson, encodeLine, journalFormat, lineBound, type SegmentHeader } from "./record.js";
import { formatSegmentName } from "./segment-name.js";
import { SegmentSupply } from "./segment-supply.js";

/** A transaction on its way to the journal. */
export interface JournalEntry {
  readonly sequence: number;
  readonly time: string;
  /** Its operations as JSON, joined by commas. */
  readonly operations: string;
  /** True if it only frees space: such entries may use what is kept in reserve on a full disk. */
  readonly deletesOnly: boolean;
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

interface CurrentSegment {
  readonly name: string;
  readonly file: OpenFile;
  readonly size: number;
  position: number;
}

interface EncodedBatch {
  readonly bytes: Buffer;
  readonly entries: number;
  readonly deletesOnly: boolean;
  readonly lastSequence: number;
}

/** What a line holds besides its operations, generously. */
const lineOverheadBytes = 200;
const largestBatchBytes = 4 * 1024 * 1024;
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
  #segment: CurrentSegment;
  #buffer = Buffer.allocUnsafe(256 * 1024);
  #durable: number;
  /** The watermark that the journal itself already carries. */
  #recordedWatermark: number;
  #running: Promise<void> | undefined;
  #watermarkTimer: NodeJS.Timeout | undefined;
  #fullRetryTimer: NodeJS.Timeout | undefined;
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
    segment: CurrentSegment,
  ) {
    this.#options = options;
    this.#listener = listener;
    this.#supply = supply;
    this.#segment = segment;
    this.#durable = options.lastSequence;
    this.#recordedWatermark = options.lastSequence;
  }

  /** Starts this owner's first segment: when it resolves, the predecessor is sealed. */
  static async open(options: JournalOptions, listener: JournalListener): Promise<JournalWriter> {
    const supply = new SegmentSupply(options.fileSystem, options.directory, {
      firstBytes: options.firstSegmentBytes,
      largestBytes: options.segmentBytes,
    });
    const segment = await startSegment(options, supply, options.lastSequence + 1, options.previous, 0);
    return new JournalWriter(options, listener, supply, segment);
  }

  /** Names of this owner's segments, the current one last. */
  get segments(): readonly string[] {
    return [...this.#sealed, this.#segment.name];
  }

  get currentSegment(): { readonly name: string; readonly length: number } {
    return { name: this.#segment.name, length: this.#segment.position };
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
    // requests arrive in callbacks of their own, and a microtask would run between them.
    this.#running ??= giveWay().then(() => this.#run());
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
    if (this.#failure === undefined && this.#recordedWatermark !== this.#durable) await this.#writeWatermark();
    await this.#segment.file.close();
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
        await giveWay();
      }
    } catch (error) {
      this.#fail(storageError(error, "write the journal", this.#segment.file.path));
    } finally {
      this.#running = undefined;
      // What was appended while the loop was ending.
      if (this.#queue.length > 0 && this.#failure === undefined) this.#running = this.#run();
      else this.#scheduleWatermark();
    }
  }

  async #writeBatch(): Promise<void> {
    let batch = this.#encodeBatch();
    if (batch.bytes.length > this.#room(batch.deletesOnly)) {
      try {
        await this.#nextSegment(batch.bytes.length);
      } catch (error) {
        if (!isFullDisk(error)) throw error;
        this.#refuse(storageError(error, "prepare the next journal segment", this.#options.directory));
        return;
      }
      batch = this.#encodeBatch();
    }
    this.#queue.splice(0, batch.entries);
    await this.#write(batch.bytes);
    // Preparing the next segment may have failed meanwhile: whoever waited has been told that the outcome is in doubt.
    if (this.#failure !== undefined) return;
    this.#options.checkFence();
    this.batches += 1;
    this.#durable = batch.lastSequence;
    this.#listener.durable(batch.lastSequence);
    this.#prepareAhead();
  }

  /** Bytes left for a batch. While no further segment is ready, the last of them are kept for deletions. */
  #room(deletesOnly: boolean): number {
    const reserve = deletesOnly || this.#supply.isReady ? 0 : this.#options.reserveBytes;
    return this.#segment.size - this.#segment.position - reserve;
  }

  /** Encodes the head of the queue, a bounded number of bytes of it. Nothing leaves the queue yet. */
  #encodeBatch(): EncodedBatch {
    let offset = 0;
    let entries = 0;
    let deletesOnly = true;
    let lastSequence = this.#durable;
    for (const entry of this.#queue) {
      if (entries > 0 && offset >= largestBatchBytes) break;
      const json = commitJson(entry.sequence, entry.time, this.#durable, entry.operations);
      this.#growBuffer(offset + lineBound(json), offset);
      offset = encodeLine(this.#buffer, offset, json);
      entries += 1;
      deletesOnly &&= entry.deletesOnly;
      lastSequence = entry.sequence;
    }
    return { bytes: this.#buffer.subarray(0, offset), entries, deletesOnly, lastSequence };
  }

  #growBuffer(needed: number, used: number): void {
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, used);
    this.#buffer = larger;
  }

  async #write(bytes: Buffer): Promise<void> {
    await writeFully(this.#segment.file, bytes, this.#segment.position);
    this.#segment.position += bytes.length;
    this.writtenBytes += bytes.length;
    this.#recordedWatermark = this.#durable;
  }

  async #nextSegment(batchBytes: number): Promise<void> {
    const sealed = this.#segment;
    const previous = { segment: sealed.name, length: sealed.position };
    this.#segment = await startSegment(this.#options, this.#supply, this.#durable + 1, previous, batchBytes);
    this.#sealed.push(sealed.name);
    await sealed.file.close();
  }

  /** Past a quarter of the segment the next one is due: preparing it takes a while, and nobody should wait for it. */
  #prepareAhead(): void {
    if (this.#closed || this.#supply.isReady || this.#full !== undefined) return;
    if (this.#segment.position < this.#segment.size / 4) return;
    this.#supply.prepare().catch((error: unknown) => {
      this.#prepareFailed(error);
    });
  }

  #prepareFailed(error: unknown): void {
    const cause = storageError(error, "prepare the next journal segment", this.#options.directory);
    if (cause.code === "STORAGE_FULL") this.#becomeFull(cause);
    else this.#fail(cause);
  }

  #becomeFull(error: HoldfastError): void {
    if (this.#full === undefined) this.#listener.full(error);
    this.#full = error;
    if (this.#closed) return;
    this.#fullRetryTimer ??= setInterval(() => {
      this.#supply.prepare().then(
        () => {
          clearInterval(this.#fullRetryTimer);
          this.#fullRetryTimer = undefined;
          this.#full = undefined;
          this.#listener.resumed();
        },
        (again: unknown) => {
          if (!isFullDisk(again))
            this.#fail(storageError(again, "prepare the next journal segment", this.#options.directory));
        },
      );
    }, fullDiskRetryMs).unref();
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
      this.#running = this.#writeWatermark();
    }, watermarkDelayMs).unref();
  }

  async #writeWatermark(): Promise<void> {
    try {
      const end = encodeLine(this.#buffer, 0, JSON.stringify({ durable: this.#durable }));
      if (end <= this.#segment.size - this.#segment.position) await this.#write(this.#buffer.subarray(0, end));
    } catch (error) {
      this.#fail(storageError(error, "write the journal", this.#segment.file.path));
    } finally {
      this.#running = undefined;
      if (this.#queue.length > 0 && this.#failure === undefined) this.#running = this.#run();
    }
  }
}

/**
 * Makes a prepared file a segment: header first, then its name, then the folder synced. A crash before the rename
 * leaves a temporary file; after it, a segment that is whole and empty. No record is written before the name is durable.
 */
async function startSegment(
  options: JournalOptions,
  supply: SegmentSupply,
  first: number,
  previous: SegmentHeader["previous"],
  batchBytes: number,
): Promise<CurrentSegment> {
  const header: SegmentHeader = {
    format: journalFormat,
    storeId: options.storeId,
    epoch: options.epoch,
    first,
    previous,
  };
  const json = JSON.stringify(header);
  const buffer = Buffer.allocUnsafe(lineBound(json));
  const length = encodeLine(buffer, 0, json);
  const prepared = await supply.take(length + batchBytes + options.reserveBytes);
  const name = formatSegmentName({ epoch: options.epoch, first });
  const path = join(options.directory, name);
  const file = await options.fileSystem.open(prepared.path, "write-through");
  try {
    await writeFully(file, buffer.subarray(0, length), 0);
    await options.fileSystem.rename(prepared.path, path);
    await options.fileSystem.syncDirectory(options.directory);
  } catch (error) {
    await file.close();
    await options.fileSystem.remove(prepared.path).catch((removal: unknown) => {
      // Already renamed, or gone with the directory; the first error is the one to tell.
      if (error instanceof Error) error.cause ??= removal;
    });
    throw error;
  }
  return { name, file, size: prepared.size, position: length };
}
