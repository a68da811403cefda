/** Caches: what may be lost at any time. @module */
export { Cache, type CacheStatistics, type ComputeOptions, type SetOptions } from "./cache.js";
export { responseCacheKey, retrievalCacheKey, type ResponseCachePartition, type Retrieval } from "./keys.js";
export { cacheLimits } from "./limits.js";
export { openCache } from "./open-cache.js";
export type { CacheOptions } from "./options.js";
export type { CacheTrouble } from "./trouble.js";
