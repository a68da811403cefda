/** Times of one kind, in milliseconds, one for each restart. */
export class Times {
  readonly #values: number[] = [];

  add(milliseconds: number): void {
    this.#values.push(milliseconds);
  }

  /** `min 81, median 96, p99 140 ms (200)` */
  toString(): string {
    if (this.#values.length === 0) return "none";
    const sorted = [...this.#values].sort((a, b) => a - b);
    const at = (share: number): string =>
      (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(0);
    return `min ${at(0)}, median ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} ms (of ${sorted.length})`;
  }
}

/** What a drill counts besides the contents. */
export class Figures {
  kills = 0;
  /** Kills that came before the router was ready. */
  killsDuringStart = 0;
  /** Restarts whose recovery applied commits from the journal again, and how many commits those were. */
  restartsThatReplayed = 0;
  replayed = 0;
  /** Restarts that had to wait for the lock of the router before. */
  restartsThatWaited = 0;
  longestTakeoverMs = 0;
  /** What each restart said of the run before it. */
  readonly previousRuns = new Map<string, number>();
  /** How recoveries went. */
  readonly outcomes = new Map<string, number>();
  /** How all replay records had ended when the drill was over, and how many in each way. */
  recordEnds: ReadonlyMap<string, number> = new Map();
  readonly toOpen = new Times();
  readonly toReady = new Times();
  readonly toFirstAnswer = new Times();
}

/** Adds one to the count of `name`. */
export function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
