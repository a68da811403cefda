import type { LoggedCommit, LoggedOperation } from "../account.js";
import { ownNames } from "../collections.js";
import type { Findings } from "../findings.js";
import type { IntendedWrite } from "../telling.js";

interface Operation {
  readonly name: string;
  readonly life: number;
  readonly writes: readonly IntendedWrite[];
  acknowledged: { readonly sequence?: number | undefined; readonly revision?: number | undefined } | undefined;
  /** The commit that it was found in. */
  commit: LoggedCommit | undefined;
}

/**
 * What writers were about to commit and what was acknowledged of it, against the commits that there are: each operation
 * of the loop's own collections is in one commit, whole, or in none, and in one if it was acknowledged.
 */
export class OperationLedger {
  acknowledged = 0;
  foundUnacknowledged = 0;
  absent = 0;
  readonly #findings: Findings;
  /** Those that are not settled yet, by name. */
  readonly #open = new Map<string, Operation>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  intend(life: number, name: string, writes: readonly IntendedWrite[]): void {
    this.#open.set(name, { name, life, writes, acknowledged: undefined, commit: undefined });
  }

  acknowledge(name: string, answer: { readonly sequence?: number; readonly revision?: number }): void {
    const operation = this.#open.get(name);
    if (operation === undefined) {
      this.#findings.wrong.push(`the operation ${name} was acknowledged although no writer was about to do it`);
      return;
    }
    this.acknowledged += 1;
    operation.acknowledged = answer;
  }

  /** Takes note of a commit that there is. `isSwept` tells whether a deletion is that of an expired document. */
  commit(commit: LoggedCommit, isSwept: (operation: LoggedOperation) => boolean): void {
    const own = commit.operations.filter((operation) => ownNames.has(operation.collection));
    const rest = own.filter((operation) => !isSwept(operation));
    if (rest.length === 0) return;
    const name = rest.find(({ operation }) => operation !== undefined)?.operation ?? this.#deletionOf(rest);
    const operation = name === undefined ? undefined : this.#open.get(name);
    if (operation === undefined || operation.commit !== undefined) {
      const what = rest.map(({ collection, id }) => `${collection}/${id}`).join(", ");
      const why = operation === undefined ? "nobody was about to make, or that was settled before" : "is there twice";
      this.#findings.wrong.push(`commit ${commit.sequence} (${name ?? "?"}: ${what}) is one that ${why}`);
      return;
    }
    operation.commit = commit;
    if (described(rest) !== described(operation.writes)) {
      this.#findings.wrong.push(
        `commit ${commit.sequence} is not the operation ${operation.name}, whole:\n` +
          `    expected ${described(operation.writes)}\n    found    ${described(rest)}`,
      );
    }
  }

  /** Decides about all operations of lives that are over, and about what was acknowledged of those that go on. */
  settle(isOver: (life: number) => boolean): void {
    this.#creditDeletions();
    for (const operation of [...this.#open.values()]) {
      const { name, life, commit, acknowledged } = operation;
      if (!isOver(life) && (acknowledged === undefined || commit === undefined)) continue;
      this.#open.delete(name);
      if (acknowledged === undefined) {
        if (commit === undefined) this.absent += 1;
        else this.foundUnacknowledged += 1;
      } else if (commit === undefined) {
        this.#findings.lost.push(`the operation ${name} was acknowledged: ${described(operation.writes)}`);
      } else this.#compare(operation, commit);
    }
  }

  #compare({ name, acknowledged }: Operation, commit: LoggedCommit): void {
    const { sequence, revision } = acknowledged ?? {};
    if (sequence !== undefined) {
      this.#findings.expectSame(`the sequence number of operation ${name}`, commit.sequence, sequence);
    }
    if (revision !== undefined) {
      const found = commit.operations.find(({ operation }) => operation === name)?.revision;
      this.#findings.expectSame(`the revision of operation ${name}`, found, revision);
    }
  }

  /**
   * Two lives may have been about to delete the same document, and a commit does not tell whose it is: if the one that was
   * acknowledged went without, it is the other that was absent.
   */
  #creditDeletions(): void {
    const open = [...this.#open.values()].filter(({ writes }) => writes.every(({ digest }) => digest === null));
    for (const operation of open) {
      if (operation.acknowledged === undefined || operation.commit !== undefined) continue;
      const what = described(operation.writes);
      const other = open.find(({ acknowledged, commit, writes }) => {
        return acknowledged === undefined && commit !== undefined && described(writes) === what;
      });
      if (other === undefined) continue;
      operation.commit = other.commit;
      other.commit = undefined;
    }
  }

  /** A deletion names no operation: it is the one that was about to delete just these. */
  #deletionOf(deleted: readonly LoggedOperation[]): string | undefined {
    const what = described(deleted);
    for (const { name, writes, commit } of this.#open.values()) {
      if (commit === undefined && described(writes) === what) return name;
    }
    return undefined;
  }
}

function described(writes: readonly IntendedWrite[]): string {
  return writes
    .map(({ collection, id, digest }) => `${collection}/${id}=${digest ?? "deleted"}`)
    .sort()
    .join(" ");
}
