/** Trouble with a cache, as it is reported: never more than a reason to be slower. */
export interface CacheTrouble {
  /** The name of the cache. */
  readonly cache: string;
  /** What failed: `get`, `set`, `delete`, `clear`, `connection`. */
  readonly operation: string;
  /** What happened, without keys or values. */
  readonly message: string;
  /** How many troubles went unreported since the last report. */
  readonly unreported: number;
  readonly cause: unknown;
}

/**
 * Reports trouble, at most once per interval: a server that is down fails every request, and one line about it says as
 * much as a thousand. What is not reported is counted into the next report.
 */
export class TroubleReports {
  readonly #cache: string;
  readonly #intervalMs: number;
  readonly #report: (trouble: CacheTrouble) => void;
  #unreported = 0;
  #last: number | undefined;

  /** @param report Default: a warning of the process. */
  constructor(cache: string, intervalMs: number, report: (trouble: CacheTrouble) => void = warn) {
    this.#cache = cache;
    this.#intervalMs = intervalMs;
    this.#report = report;
  }

  add(operation: string, cause: unknown): void {
    const now = performance.now();
    if (this.#last !== undefined && now - this.#last < this.#intervalMs) {
      this.#unreported += 1;
      return;
    }
    this.#last = now;
    const unreported = this.#unreported;
    this.#unreported = 0;
    const message = cause instanceof Error ? cause.message : String(cause);
    this.#report({ cache: this.#cache, operation, message, unreported, cause });
  }
}

function warn({ cache, operation, message, unreported }: CacheTrouble): void {
  const others = unreported === 0 ? "" : ` (and ${unreported} more since the last warning)`;
  process.emitWarning(`Holdfast goes on without the cache ${cache}: ${operation} failed: ${message}${others}`);
}
