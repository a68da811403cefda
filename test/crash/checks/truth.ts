import type { CommitRecord } from "../../../src/journal/record.js";

/** A document as the commits up to some number make it. */
export interface ExpectedDocument {
  readonly revision: number;
  readonly sequence: number;
  /** As JSON. */
  readonly body: string;
  /** Milliseconds since 1970; never, if absent. */
  readonly expiresAtMs: number | undefined;
}

/** The documents of each collection, by id. */
export type Expected = ReadonlyMap<string, ReadonlyMap<string, ExpectedDocument>>;

/**
 * The commits of a recording, as the product sent them to the disk: read out of the very bytes it asked to be written,
 * whatever became of these later. What a crash leaves must be the first so many of them, whole.
 */
export class Truth {
  readonly #commits: Map<number, CommitRecord>;
  /** Made as they are asked for. */
  readonly #folded: Map<string, Map<string, ExpectedDocument>>[] = [new Map<string, Map<string, ExpectedDocument>>()];

  constructor(commits: ReadonlyMap<number, CommitRecord> = new Map()) {
    this.#commits = new Map(commits);
  }

  /** What goes on from a state in which everything up to `sequence` was found, and nothing behind it. */
  upTo(sequence: number): Truth {
    return new Truth(new Map([...this.#commits].filter(([number]) => number <= sequence)));
  }

  /** Takes in a commit that was sent to the journal. */
  take(commit: CommitRecord): void {
    this.#commits.set(commit.sequence, commit);
  }

  /** The newest commit; 0 if there is none. */
  get last(): number {
    return Math.max(0, ...this.#commits.keys());
  }

  commit(sequence: number): CommitRecord | undefined {
    return this.#commits.get(sequence);
  }

  /** How many operations the commits behind one number have, up to another. */
  operations(above: number, upTo: number): number {
    let count = 0;
    for (let sequence = above + 1; sequence <= upTo; sequence += 1)
      count += this.#commits.get(sequence)?.operations.length ?? 0;
    return count;
  }

  /** What there must be if the first `sequence` commits are there. */
  expected(sequence: number): Expected {
    for (let next = this.#folded.length; next <= sequence; next += 1) {
      const commit = this.#commits.get(next);
      if (commit === undefined) throw new Error(`the recording has no commit ${next}`);
      const documents = new Map(this.#folded[next - 1]);
      for (const operation of commit.operations) {
        const name = "put" in operation ? operation.put : operation.delete;
        const collection = new Map(documents.get(name));
        documents.set(name, collection);
        if ("put" in operation) {
          collection.set(operation.id, {
            revision: operation.revision,
            sequence: next,
            body: JSON.stringify(operation.body),
            expiresAtMs: operation.expiresAt === undefined ? undefined : Date.parse(operation.expiresAt),
          });
        } else collection.delete(operation.id);
      }
      this.#folded.push(documents);
    }
    return this.#folded[sequence] as Expected;
  }
}
