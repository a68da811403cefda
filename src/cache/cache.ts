import type { Keyv } from "keyv";
import type { z } from "zod";
import { HoldfastError } from "../errors.js";
import type { BoundedMemory } from "./bounded-memory.js";
import { FailOpen, type FailOpenOptions } from "./fail-open.js";
import { waitFor } from "./wait-for.js";
import { Flights } from "./single-flight.js";

/** What a cache has done since it was opened. */
export interface CacheStatistics {
  readonly hits: number;
  readonly misses: number;
  /** Calls that waited for the computation of another instead of making their own. */
  readonly shared: number;
  readonly stored: number;
  /** Entries that were not meant to be stored, or were too large, or not JSON. */
  readonly notStored: number;
  /** Entries that were read but not of the expected form; each is a miss too. */
  readonly mismatched: number;
  /** Operations that failed, timeouts among them; none of them is a miss. */
  readonly errors: number;
  readonly timeouts: number;
  /** Operations that were not tried, because the server had not answered just before, or the cache is closed. */
  readonly skipped: number;
  /** In memory; absent for a shared cache, whose server knows. */
  readonly entries?: number;
  readonly bytes?: number;
}

export interface SetOptions {
  /** How long the entry is used, in milliseconds: -1 (default) as the cache says, 0 do not store. */
  readonly timeToLiveMs?: number;
}

export interface ComputeOptions<Value> extends SetOptions {
  /** Whether a result may be stored and given to others. Default: every one. */
  readonly isCacheable?: (value: Value) => boolean;
  /** Ends this caller's waiting for the computation of another. */
  readonly signal?: AbortSignal;
}

/** @internal What `openCache` makes a cache of. */
export interface CacheParts<Value> {
  readonly keyv: Keyv;
  /** Absent for a shared cache. */
  readonly memory: BoundedMemory | undefined;
  readonly timeToLiveMs: number;
  readonly maximumEntryBytes: number;
  readonly schema: z.ZodType<Value> | undefined;
  readonly failOpen: FailOpenOptions;
  readonly disconnect: () => Promise<void>;
}

/** Going through all keys of a server takes longer than one look-up, and no request waits for it. In milliseconds. */
const clearTimeoutMs = 30_000;

/**
 * A cache: losing it, or any entry at any time, changes only speed. So no failure of it reaches a caller, and no wait is
 * longer than the timeout of the cache; trouble is counted and reported. Values are JSON; each caller gets its own copy.
 */
export class Cache<Value> implements AsyncDisposable {
  readonly #parts: CacheParts<Value>;
  readonly #failOpen: FailOpen;
  readonly #flights = new Flights();
  readonly #counts = { hits: 0, misses: 0, shared: 0, stored: 0, notStored: 0, mismatched: 0 };

  /** @internal Use `openCache`. */
  constructor(parts: CacheParts<Value>) {
    this.#parts = parts;
    this.#failOpen = new FailOpen(parts.failOpen);
  }

  get statistics(): CacheStatistics {
    const { memory } = this.#parts;
    const { errors, timeouts, skipped } = this.#failOpen;
    const size = memory === undefined ? {} : { entries: memory.entries, bytes: memory.bytes };
    return { ...this.#counts, errors, timeouts, skipped, ...size };
  }

  /** @returns `undefined` if there is no entry, or none that can be had. */
  async get(key: string): Promise<Value | undefined> {
    const attempt = await this.#failOpen.attempt("get", () => this.#parts.keyv.get<unknown>(key));
    if (attempt === undefined) return undefined;
    const { schema } = this.#parts;
    if (attempt.result === undefined) {
      this.#counts.misses += 1;
      return undefined;
    }
    if (schema !== undefined && !schema.safeParse(attempt.result).success) {
      this.#counts.mismatched += 1;
      this.#counts.misses += 1;
      return undefined;
    }
    this.#counts.hits += 1;
    return attempt.result as Value;
  }

  /**
   * @returns `failed` if it is not known to be stored.
   * @throws HoldfastError `INVALID_CONFIG` for a time to live that is none.
   */
  async set(
    key: string,
    value: Value,
    { timeToLiveMs = -1 }: SetOptions = {},
  ): Promise<"stored" | "not_stored" | "failed"> {
    assertTimeToLive(timeToLiveMs);
    return this.#store(key, jsonOf(value), timeToLiveMs);
  }

  /**
   * Forgets an entry. On `failed`, it may still be used until it expires; a computation under way in this process is not
   * stored in either case, one in another process may be.
   */
  async delete(key: string): Promise<"deleted" | "absent" | "failed"> {
    this.#flights.invalidate(key);
    const attempt = await this.#failOpen.attempt("delete", () => this.#parts.keyv.delete(key));
    if (attempt === undefined) return "failed";
    return attempt.result ? "deleted" : "absent";
  }

  /** Forgets every entry of this cache; those of other names on the same server stay. */
  async clear(): Promise<"cleared" | "failed"> {
    this.#flights.invalidate();
    const attempt = await this.#failOpen.attempt("clear", () => clearOf(this.#parts.keyv), clearTimeoutMs);
    return attempt === undefined ? "failed" : "cleared";
  }

  /**
   * Reads an entry, or computes and stores it. Of several callers in this process that miss at once, one computes and the
   * others get a copy. If its computation fails, or its result may not be shared, each of the others makes its own: one
   * caller's trouble is not the others'.
   *
   * @param timeToLiveMs as for {@link set}; with 0 nothing is shared either.
   * @throws whatever `compute` throws; the signal's reason; HoldfastError `INVALID_CONFIG` for a time to live that is none.
   */
  async getOrCompute(
    key: string,
    compute: () => Promise<Value>,
    { timeToLiveMs = -1, isCacheable = () => true, signal }: ComputeOptions<Value> = {},
  ): Promise<Value> {
    assertTimeToLive(timeToLiveMs);
    const underWay = timeToLiveMs === 0 ? undefined : this.#flights.of(key);
    if (underWay !== undefined) {
      underWay.followers += 1;
      const outcome = await waitFor(underWay.outcome, signal);
      if (outcome === undefined) return compute();
      this.#counts.shared += 1;
      return JSON.parse(outcome) as Value;
    }
    if (timeToLiveMs === 0) return (await this.get(key)) ?? (await compute());

    const flight = this.#flights.begin(key);
    let outcome: string | undefined;
    try {
      const found = await this.get(key);
      if (found !== undefined) {
        if (flight.followers > 0) outcome = JSON.stringify(found);
        return found;
      }
      const value = await compute();
      if (!isCacheable(value)) {
        this.#counts.notStored += 1;
        return value;
      }
      outcome = jsonOf(value);
      if (!flight.invalidated) await this.#store(key, outcome, timeToLiveMs);
      return value;
    } finally {
      this.#flights.end(key, flight, outcome);
    }
  }

  /** Lets go of the server. From now on every look-up finds nothing, and nothing is stored. Can be called again. */
  async close(): Promise<void> {
    this.#failOpen.close();
    await this.#parts.disconnect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #store(
    key: string,
    text: string | undefined,
    timeToLiveMs: number,
  ): Promise<"stored" | "not_stored" | "failed"> {
    const { keyv, maximumEntryBytes, timeToLiveMs: standard } = this.#parts;
    if (timeToLiveMs === 0 || text === undefined || Buffer.byteLength(text) > maximumEntryBytes) {
      this.#counts.notStored += 1;
      return "not_stored";
    }
    const attempt = await this.#failOpen.attempt("set", () =>
      keyv.set(key, text, timeToLiveMs === -1 ? standard : timeToLiveMs),
    );
    if (attempt === undefined) return "failed";
    this.#counts[attempt.result ? "stored" : "notStored"] += 1;
    return attempt.result ? "stored" : "not_stored";
  }
}

/** A value JSON can not say is no reason to fail a request that has its answer: it is not stored. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function assertTimeToLive(timeToLiveMs: number): void {
  if (timeToLiveMs === -1 || timeToLiveMs === 0) return;
  if (Number.isSafeInteger(timeToLiveMs) && timeToLiveMs > 0) return;
  throw HoldfastError.ofProblems("INVALID_CONFIG", "The entry can not be stored for that long.", [
    { path: "/timeToLiveMs", message: `must be -1, 0 or a positive whole number, not ${timeToLiveMs}` },
  ]);
}

/** Keyv and its adapter tell of a failed clear by an event only. @throws what the event carried. */
async function clearOf(keyv: Keyv): Promise<void> {
  const failures: unknown[] = [];
  const listen = (error: unknown): void => {
    failures.push(error);
  };
  keyv.on("error", listen);
  try {
    await keyv.clear();
  } finally {
    keyv.off("error", listen);
  }
  if (failures.length > 0) throw failures[0];
}
