import type { Findings } from "../kill/findings.js";
import { passing } from "../kill/collections.js";
import type { IntendedWrite, Telling } from "../kill/telling.js";
import type { DocumentName } from "./processes/reading.js";

interface Expected {
  readonly digest: string | null;
  /** Of the commit that wrote it, where the writer was told. */
  readonly sequence: number;
}

/** Documents that pass are gone within a second of their writing; longer than this after it, none may be seen. */
const passedAfterMs = 5_000;
/** So many documents that are to be absent are remembered, the newest. */
const mostPassing = 200;

/** What the writers of all lives were acknowledged, document by document, bounded by how many documents live. */
export class DocumentLedger {
  acknowledged = 0;
  checks = 0;
  /** What had become of operations that a kill cut off. */
  readonly cutOff = { there: 0, notThere: 0 };
  readonly #findings: Findings;
  readonly #expected = new Map<string, Expected>();
  /** By operation: what it would write. It may have happened or not. */
  readonly #pending = new Map<string, readonly IntendedWrite[]>();
  /** By id, when it was written. */
  readonly #passing = new Map<string, number>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  hear(telling: Telling): void {
    if (telling.event === "intending") this.#pending.set(telling.operation, telling.writes);
    else if (telling.event === "acknowledged") this.#acknowledge(telling.operation, telling.sequence ?? 0);
  }

  #acknowledge(operation: string, sequence: number): void {
    this.acknowledged += 1;
    for (const { collection, id, digest } of this.#pending.get(operation) ?? []) {
      if (collection === passing.name) this.#notePassing(id);
      else {
        const key = keyOf({ collection, id });
        // A document that several change at once is told of in the order of the answers, not of the commits.
        if (sequence === 0 || sequence > (this.#expected.get(key)?.sequence ?? 0)) {
          this.#expected.set(key, { digest, sequence });
        }
      }
    }
    this.#pending.delete(operation);
  }

  #notePassing(id: string): void {
    this.#passing.set(id, Date.now());
    for (const oldest of this.#passing.keys()) {
      if (this.#passing.size <= mostPassing) break;
      this.#passing.delete(oldest);
    }
  }

  /** Everything that is to be asked for now. */
  questions(): DocumentName[] {
    const pending = [...this.#pending.values()].flat().filter(({ collection }) => collection !== passing.name);
    const keys = new Set([...this.#expected.keys(), ...pending.map(keyOf)]);
    return [...[...keys].map(nameOf), ...this.#passed().map((id) => ({ collection: passing.name, id }))];
  }

  #passed(): string[] {
    const now = Date.now();
    return [...this.#passing].filter(([, at]) => now - at > passedAfterMs).map(([id]) => id);
  }

  /**
   * Holds what was found against what was acknowledged. Nobody may write to these documents meanwhile: what was in doubt
   * is settled by what is found.
   */
  compare(names: readonly DocumentName[], digests: readonly (string | null)[]): void {
    const pending = [...this.#pending.values()];
    for (const [position, name] of names.entries()) {
      const found = digests[position] ?? null;
      this.checks += 1;
      if (name.collection === passing.name) {
        if (found !== null) this.#findings.wrong.push(`${keyOf(name)} is there although it has expired`);
        this.#passing.delete(name.id);
        continue;
      }
      const key = keyOf(name);
      const expected = this.#expected.get(key)?.digest ?? null;
      const possible = pending.flat().filter((write) => keyOf(write) === key);
      if (found !== expected && !possible.some(({ digest }) => digest === found)) {
        if (found === null) this.#findings.lost.push(`${key} is not there`);
        else this.#findings.wrong.push(`${key} is ${found} instead of ${String(expected)}`);
      }
      this.#settle(key, found, expected);
    }
    this.#checkWholeness(pending, new Map(names.map((name, position) => [keyOf(name), digests[position] ?? null])));
    this.#pending.clear();
  }

  #settle(key: string, found: string | null, expected: string | null): void {
    // What is gone for good is forgotten, once it was seen to be gone.
    if (found === null) this.#expected.delete(key);
    else if (found !== expected) this.#expected.set(key, { digest: found, sequence: 0 });
  }

  /** A transaction that was cut off is there with all of its writes, or with none. */
  #checkWholeness(pending: readonly (readonly IntendedWrite[])[], found: ReadonlyMap<string, string | null>): void {
    for (const writes of pending) {
      const asked = writes.filter((write) => found.has(keyOf(write)));
      const there = asked.filter((write) => found.get(keyOf(write)) === write.digest).length;
      if (there !== 0 && there !== asked.length) {
        this.#findings.wrong.push(`a transaction is there in part: ${writes.map(keyOf).join(", ")}`);
      }
      if (asked.length > 0) this.cutOff[there === 0 ? "notThere" : "there"] += 1;
    }
  }
}

function keyOf({ collection, id }: DocumentName): string {
  return `${collection}/${id}`;
}

function nameOf(key: string): DocumentName {
  const [collection = "", id = ""] = key.split("/", 2);
  return { collection, id };
}
