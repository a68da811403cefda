import type { CommitRecord, Operation } from "../../../src/journal/record.js";
import type { DiskEvent } from "../disk/disk-event.js";
import { parseSegmentName } from "../product.js";
import type { Truth } from "./truth.js";

/** What is true from some event on. */
interface Version {
  readonly from: number;
  readonly truth: Truth;
}

/** The newest commit that had been sent to the disk, from some event on. */
interface Issued {
  readonly from: number;
  readonly sequence: number;
}

/**
 * The commits that were sent to the disk in a recording, as far as a crash may leave them. As long as owners follow one
 * another, that is one growing list. An owner that is taken over while it lives may go on writing: what it sends once
 * another has opened the directory must never be seen, and what it had sent before gives way to the other's commits of
 * the same numbers.
 */
export class TruthHistory {
  /** What was found by the first opening of the recording. */
  readonly #begin: Truth;
  /** The newest commit of it then: it grows with what is sent. */
  readonly #found: number;
  readonly #versions: Version[] = [];
  readonly #issued: Issued[] = [];
  /** The epoch that sent each commit of the newest version; 0 for those there were before. */
  readonly #epochs = new Map<number, number>();
  #openedBy = 0;

  /** @param truth what was found by the first opening of the recording. */
  constructor(events: readonly DiskEvent[], truth: Truth) {
    this.#begin = truth;
    this.#found = truth.last;
    const segments = new Map<number, number>();
    for (const [index, event] of events.entries()) {
      if (event.kind === "rename") {
        const epoch = parseSegmentName(event.to.name)?.epoch;
        if (epoch !== undefined) segments.set(event.inode, epoch);
      }
      if (event.kind === "opened") this.#opened(index, event);
      const epoch = event.kind === "write" ? segments.get(event.inode) : undefined;
      if (event.kind !== "write" || epoch === undefined) continue;
      for (const line of event.bytes.toString("utf8").split("\n")) {
        const commit = commitOf(line);
        if (commit !== undefined) this.#sent(index, commit, epoch);
      }
    }
  }

  /** What was true before this event, and after all before it. */
  before(event: number): Truth {
    return this.#versions.findLast(({ from }) => from < event)?.truth ?? this.#begin;
  }

  /** The newest commit that had been sent before this event. */
  issuedBefore(event: number): number {
    return this.#issued.findLast(({ from }) => from < event)?.sequence ?? this.#found;
  }

  get #newest(): Truth {
    return this.#versions.at(-1)?.truth ?? this.#begin;
  }

  #sent(index: number, commit: CommitRecord, epoch: number): void {
    if (epoch < this.#openedBy) return;
    const sender = this.#epochs.get(commit.sequence);
    if (sender !== undefined && sender > epoch) return;
    if (sender !== undefined && sender < epoch) this.#cutAt(index, commit.sequence);
    this.#newest.take(commit);
    this.#epochs.set(commit.sequence, epoch);
    this.#issued.push({ from: index, sequence: commit.sequence });
  }

  #opened(index: number, { sequence, epoch }: Extract<DiskEvent, { readonly kind: "opened" }>): void {
    this.#openedBy = Math.max(this.#openedBy, epoch);
    const next = this.#epochs.get(sequence + 1);
    if (next === undefined || next >= epoch) return;
    this.#cutAt(index, sequence + 1);
    this.#issued.push({ from: index, sequence });
  }

  /** The commits from this number on, of an owner that was displaced, are no more. */
  #cutAt(index: number, sequence: number): void {
    this.#versions.push({ from: index, truth: this.#newest.upTo(sequence - 1) });
    for (const number of [...this.#epochs.keys()]) if (number >= sequence) this.#epochs.delete(number);
  }
}

/** `<crc32> <JSON>`; a header and a watermark have no sequence. The only operation of a commit stands in no list. */
function commitOf(line: string): CommitRecord | undefined {
  if (!/^[0-9a-f]{8} \{"sequence":/.test(line)) return undefined;
  const { operation, ...members } = JSON.parse(line.slice(9)) as CommitRecord & { operation?: Operation };
  return operation === undefined ? members : { ...members, operations: [operation] };
}
