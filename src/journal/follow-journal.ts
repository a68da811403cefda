import { join } from "node:path";
import type { FileSystem } from "../files/file-system.js";
import { decodeLine, type CommitRecord, type SegmentHeader } from "./record.js";
import { compareSegmentNames, parseSegmentName } from "./segment-name.js";

interface PendingCommit {
  readonly commit: CommitRecord;
  /** Where its line ends. */
  readonly end: number;
}

const chunkBytes = 256 * 1024;

/**
 * Reads a journal as another process writes it. It hands out a commit only once a watermark covers it: before that the
 * commit may still vanish in a power loss, or have been written by an owner that had lost the directory, and its number
 * be given to another.
 */
export class JournalFollower {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  #segment: string | undefined;
  #offset = 0;
  #lastSequence: number;
  #watermark: number;
  #pending: PendingCommit[] = [];

  /** @param segment where to begin; commits up to `lastSequence` are passed over. */
  constructor(fileSystem: FileSystem, directory: string, segment: string | undefined, lastSequence: number) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    this.#segment = segment;
    this.#lastSequence = lastSequence;
    this.#watermark = lastSequence;
  }

  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** The newest whole commit that no watermark covers; `undefined` if all are covered. */
  get lastUncovered(): number | undefined {
    return this.#pending.at(-1)?.commit.sequence;
  }

  /**
   * Hands out the commits that no watermark covers, having made them durable. Only for a journal whose owner is gone:
   * there nobody will write the watermark, and the next owner takes over just these commits.
   */
  async takeUncovered(onCommit: (commit: CommitRecord) => void): Promise<void> {
    const last = this.lastUncovered;
    if (last === undefined || this.#segment === undefined) return;
    const file = await this.#fileSystem.open(join(this.#directory, this.#segment), "read");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    this.#raise(last, onCommit);
  }

  /**
   * Hands out what has become durable since the last call, in order.
   *
   * @returns `"gap"` if the journal can not be followed from here: a segment was deleted before it was read, or is
   * damaged. What was handed out until then stands.
   */
  async poll(onCommit: (commit: CommitRecord) => void): Promise<"current" | "gap"> {
    const names = await this.#segmentNames();
    for (;;) {
      if (this.#segment === undefined) {
        const first = names[0];
        if (first === undefined) return "current";
        if ((parseSegmentName(first)?.first ?? 0) > this.#lastSequence + 1) return "gap";
        this.#enter(first);
      }
      const current = this.#segment as string;
      if (!names.includes(current)) return "gap";
      await this.#readOn(current, onCommit);
      const successor = await this.#successorOf(current, names);
      if (successor === undefined) return "current";
      if (successor === "gap" || this.#offset < successor.sealedAt) return "gap";
      // What an owner wrote behind the seal was never acknowledged.
      this.#pending = this.#pending.filter(({ end }) => end <= successor.sealedAt);
      this.#raise(successor.durable, onCommit);
      this.#enter(successor.name);
    }
  }

  #enter(segment: string): void {
    this.#segment = segment;
    this.#offset = 0;
  }

  async #segmentNames(): Promise<string[]> {
    const entries = await this.#fileSystem.readDirectory(this.#directory);
    return entries
      .map(({ name }) => name)
      .filter((name) => parseSegmentName(name) !== undefined)
      .sort(compareSegmentNames);
  }

  async #successorOf(
    current: string,
    names: readonly string[],
  ): Promise<{ name: string; sealedAt: number; durable: number } | "gap" | undefined> {
    const later = names.filter((name) => name > current);
    for (const name of later) {
      const header = await this.#headerOf(name);
      if (header?.previous?.segment === current) {
        return { name, sealedAt: header.previous.length, durable: header.first - 1 };
      }
    }
    return later.length === 0 ? undefined : "gap";
  }

  async #headerOf(name: string): Promise<SegmentHeader | undefined> {
    const bytes = await this.#read(name, 0, 4096);
    const end = bytes.indexOf(0x0a);
    const line = end < 0 ? undefined : decodeLine(bytes, 0, end);
    return line?.kind === "header" ? line.header : undefined;
  }

  /** Takes in every whole line behind the offset. A line that is not whole yet is looked at again the next time. */
  async #readOn(segment: string, onCommit: (commit: CommitRecord) => void): Promise<void> {
    let wanted = chunkBytes;
    for (;;) {
      const bytes = await this.#read(segment, this.#offset, wanted);
      const consumed = this.#takeLines(bytes, onCommit);
      if (consumed > 0) {
        wanted = chunkBytes;
      } else if (bytes.length === wanted && bytes[0] !== 0) {
        // One line longer than the chunk.
        wanted *= 2;
      } else {
        return;
      }
    }
  }

  #takeLines(bytes: Buffer, onCommit: (commit: CommitRecord) => void): number {
    let position = 0;
    while (position < bytes.length && bytes[position] !== 0) {
      const end = bytes.indexOf(0x0a, position);
      const line = end < 0 ? undefined : decodeLine(bytes, position, end);
      if (line === undefined) break;
      position = end + 1;
      if (line.kind === "commit") {
        this.#pending.push({ commit: line.commit, end: this.#offset + position });
        this.#raise(line.commit.durable, onCommit);
      } else if (line.kind === "watermark") {
        this.#raise(line.durable, onCommit);
      }
    }
    this.#offset += position;
    return position;
  }

  #raise(watermark: number, onCommit: (commit: CommitRecord) => void): void {
    this.#watermark = Math.max(this.#watermark, watermark);
    let covered = 0;
    for (const { commit } of this.#pending) {
      if (commit.sequence > this.#watermark) break;
      covered += 1;
      if (commit.sequence <= this.#lastSequence) continue;
      this.#lastSequence = commit.sequence;
      onCommit(commit);
    }
    if (covered > 0) this.#pending.splice(0, covered);
  }

  async #read(name: string, position: number, length: number): Promise<Buffer> {
    const file = await this.#fileSystem.open(join(this.#directory, name), "read");
    try {
      const buffer = Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < length) {
        const count = await file.read(buffer, filled, length - filled, position + filled);
        if (count === 0) break;
        filled += count;
      }
      return buffer.subarray(0, filled);
    } finally {
      await file.close();
    }
  }
}
