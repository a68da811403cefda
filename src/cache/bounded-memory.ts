import type { KeyvStoreAdapter, StoredData } from "keyv";
import { LRUCache } from "lru-cache";

export interface MemoryBounds {
  readonly maximumEntries: number;
  /** Of keys and values as UTF-8. */
  readonly maximumBytes: number;
}

/**
 * The store in memory for Keyv, whose own is a Map without any bound. It holds the JSON that Keyv makes of a value, so
 * that its size is known and no caller shares an object with another.
 */
export class BoundedMemory implements KeyvStoreAdapter {
  /** Keyv reads it to find out what it may iterate over: nothing. */
  readonly opts = {};
  namespace?: string | undefined;
  readonly #entries: LRUCache<string, string>;

  constructor({ maximumEntries, maximumBytes }: MemoryBounds) {
    this.#entries = new LRUCache({
      max: maximumEntries,
      maxSize: maximumBytes,
      sizeCalculation: (text, key) => Buffer.byteLength(text) + Buffer.byteLength(key),
    });
  }

  /** How many entries there are; those that have expired count until they are asked for or their place is needed. */
  get entries(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  get<Value>(key: string): Promise<StoredData<Value> | undefined> {
    // Keyv takes a string for what it has serialized itself; its type does not say so.
    return Promise.resolve(this.#entries.get(key) as StoredData<Value> | undefined);
  }

  /** @returns whether it was stored: an entry larger than the whole cache is not. */
  set(key: string, text: string, timeToLiveMs?: number): Promise<boolean> {
    this.#entries.set(key, text, timeToLiveMs === undefined ? {} : { ttl: timeToLiveMs });
    return Promise.resolve(this.#entries.has(key));
  }

  delete(key: string): Promise<boolean> {
    return Promise.resolve(this.#entries.delete(key));
  }

  clear(): Promise<void> {
    this.#entries.clear();
    return Promise.resolve();
  }

  /** Nothing here fails, so there is nothing to listen to. */
  on(): this {
    return this;
  }
}
