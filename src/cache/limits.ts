/** What bounds a cache where nothing else is configured. The contract of the caches is read from here. */
export const cacheLimits = {
  /** How long an entry is used, in milliseconds: one hour, as in the reference. */
  timeToLiveMs: 60 * 60 * 1000,
  /** Of a cache in memory. */
  maximumEntries: 1_000,
  /** Of a cache in memory, keys and values as JSON: 64 MiB. */
  maximumBytes: 64 * 1024 * 1024,
  /** Of one entry, wherever it goes: 1 MiB. A larger one is not stored. */
  maximumEntryBytes: 1024 * 1024,
  /** How long a shared cache is waited for, in milliseconds. Then the request goes on without it. */
  operationTimeoutMs: 250,
  /** How long a shared cache is left alone after it did not answer in time, in milliseconds. */
  pauseMs: 1_000,
  /** How often trouble with a cache is reported at most, in milliseconds. */
  reportIntervalMs: 60_000,
} as const;
