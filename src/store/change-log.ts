import { HoldfastError } from "../errors.js";
import type { Change, ChangeOperation } from "../collections/index.js";
import type { StoredText } from "../files/encoded-text.js";
import type { CommitRecord, Operation } from "../journal/record.js";

/** A commit as the change log keeps it: its operations still JSON, parsed for those who ask. */
export interface LoggedCommit {
  readonly sequence: number;
  readonly time: string;
  readonly operations: StoredText;
}

/**
 * Reads a bounded number of commits above `sequence` from the journal; none if `sequence` is the newest.
 *
 * @throws HoldfastError `COMPACTED`
 */
export type ReadHistory = (sequence: number) => Promise<CommitRecord[]>;

const keptCommits = 4096;
const keptLength = 8 * 1024 * 1024;
const longestTimerMs = 2 ** 31 - 1;

/**
 * The committed changes, for those who follow them. The newest are kept in memory, a bounded number; who falls further
 * behind reads the journal. So a slow follower costs nothing but its own time.
 */
export class ChangeLog {
  readonly #readHistory: ReadHistory;
  #commits: LoggedCommit[] = [];
  #length = 0;
  #lastSequence: number;
  #waiting: (() => void)[] = [];
  #closed = false;
  #keptAlive: NodeJS.Timeout | undefined;

  constructor(lastSequence: number, readHistory: ReadHistory) {
    this.#lastSequence = lastSequence;
    this.#readHistory = readHistory;
  }

  push(commit: LoggedCommit): void {
    this.#commits.push(commit);
    this.#length += commit.operations.length;
    this.#lastSequence = commit.sequence;
    if (this.#commits.length > keptCommits * 2 || this.#length > keptLength * 2) this.#trim();
  }

  /** Goes on behind a gap: who has not read up to it is told, when it asks, that the changes are gone. */
  skipTo(sequence: number): void {
    this.#commits = [];
    this.#length = 0;
    this.#lastSequence = sequence;
  }

  /** Wakes the followers, once for a whole batch. */
  announce(): void {
    clearInterval(this.#keptAlive);
    this.#keptAlive = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  close(): void {
    this.#closed = true;
    this.announce();
  }

  async *follow(since: number | undefined, signal: AbortSignal | undefined): AsyncGenerator<Change, void, undefined> {
    let position = since ?? this.#lastSequence;
    if (!Number.isSafeInteger(position) || position < 0) {
      throw new HoldfastError(
        "INVALID_CONFIG",
        `Changes can be followed from a sequence number, 0 or higher; ${position} is none.`,
      );
    }
    const wake = (): void => {
      this.announce();
    };
    signal?.addEventListener("abort", wake);
    try {
      while (!this.#closed && !isAborted(signal)) {
        if (position >= this.#lastSequence) {
          await this.#news();
          continue;
        }
        for (const change of await this.#next(position)) {
          if (isAborted(signal)) return;
          yield change;
          position = change.sequence;
        }
      }
    } finally {
      signal?.removeEventListener("abort", wake);
    }
  }

  /**
   * Waits for the next announcement. Whoever waits for changes wants the process to live until they come; nothing else
   * here keeps it alive.
   */
  async #news(): Promise<void> {
    this.#keptAlive ??= setInterval(() => undefined, longestTimerMs);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #next(position: number): Promise<Iterable<Change>> {
    const first = this.#commits[0];
    if (first === undefined || first.sequence > position + 1) {
      const commits = await this.#readHistory(position);
      if (commits.length > 0) return commits.map(changeOf);
    }
    const from = this.#commits.findIndex(({ sequence }) => sequence > position);
    // Parsed one by one as they are taken: a follower that stops early has not paid for the rest.
    return from < 0 ? [] : parseEach(this.#commits.slice(from, from + 256));
  }

  #trim(): void {
    let drop = 0;
    let length = this.#length;
    while (this.#commits.length - drop > keptCommits || length > keptLength) {
      length -= (this.#commits[drop] as LoggedCommit).operations.length;
      drop += 1;
    }
    this.#commits = this.#commits.slice(drop);
    this.#length = length;
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function* parseEach(commits: readonly LoggedCommit[]): Generator<Change> {
  for (const { sequence, time, operations } of commits) {
    yield changeOf({ sequence, time, operations: JSON.parse(`[${operations.toString()}]`) as Operation[] });
  }
}

function changeOf({ sequence, time, operations }: Pick<CommitRecord, "sequence" | "time" | "operations">): Change {
  return { sequence, time, operations: operations.map(changeOperation) };
}

function changeOperation(operation: Operation): ChangeOperation {
  if ("delete" in operation) {
    return { type: "delete", collection: operation.delete, id: operation.id, revision: operation.revision };
  }
  const { put, id, revision, expiresAt, body } = operation;
  return { type: "put", collection: put, id, revision, ...(expiresAt === undefined ? {} : { expiresAt }), body };
}
