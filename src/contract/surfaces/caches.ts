import { cacheLimits } from "../../cache/limits.js";
import { duration } from "../quantities.js";
import type { SurfaceContract } from "../surface-contract.js";

const ephemeral = {
  class: "ephemeral_request_state",
  class_here: "ephemeral_request_state",
  backend: ["process_memory", "shared_cache"],
  durability: "none",
  collections: [],
  retention: {
    limits: {
      timeToLiveMs: cacheLimits.timeToLiveMs,
      maximumCount: cacheLimits.maximumEntries,
      maximumBytes: cacheLimits.maximumBytes,
    },
    rule:
      `${duration(cacheLimits.timeToLiveMs)} unless the entry or the cache says otherwise; in memory the least recently ` +
      "used entries go first beyond the count or the bytes; a shared server evicts by its own rules.",
  },
  restart:
    "Empty in memory; a shared server keeps what it has. Nothing depends on it: a lost entry costs time and money, " +
    "never truth.",
  reported: [
    "hits, misses, errors, timeouts, entries and bytes: `cache.statistics`",
    `an outage of a shared server: counted, and reported at most every ${duration(cacheLimits.reportIntervalMs)}`,
  ],
  access: null,
} as const;

export const semanticCacheContract: SurfaceContract = {
  surface: "semantic_cache",
  ...ephemeral,
  backend: [...ephemeral.backend],
  collections: [],
  reported: [...ephemeral.reported],
  owner: "the router, through src/cache: answers by the exact request they were given to",
  acknowledgment: "Nothing. The next call may find the entry or not. No byte of it is ever in the state directory.",
};

export const ragCacheContract: SurfaceContract = {
  surface: "rag_cache",
  ...ephemeral,
  backend: [...ephemeral.backend],
  collections: [],
  reported: [...ephemeral.reported],
  owner: "the router, through src/cache: retrieved context by vector store and query",
  acknowledgment: "Nothing. The next call may find the entry or not. No byte of it is ever in the state directory.",
};
