import type { Engine } from "../engine.js";

/**
 * Every engine of the comparison, in the order they take turns in. Each is loaded only in the process that measures it,
 * so that no peer's threads or allocations are there while another is measured.
 */
export const engines = {
  holdfast: async (): Promise<Engine> => (await import("./holdfast.js")).holdfast,
  "holdfast-short-journal": async (): Promise<Engine> => (await import("./holdfast.js")).holdfastBounded,
  "better-sqlite3": async (): Promise<Engine> => (await import("./better-sqlite3.js")).betterSqlite3,
  "better-sqlite3-batched": async (): Promise<Engine> => (await import("./better-sqlite3.js")).betterSqlite3Batched,
  lmdb: async (): Promise<Engine> => (await import("./lmdb.js")).lmdb,
  "lmdb-json": async (): Promise<Engine> => (await import("./lmdb.js")).lmdbJson,
  "classic-level": async (): Promise<Engine> => (await import("./classic-level.js")).classicLevel,
  "classic-level-batched": async (): Promise<Engine> => (await import("./classic-level.js")).classicLevelBatched,
  redis: async (): Promise<Engine> => (await import("./redis.js")).redis,
  postgresql: async (): Promise<Engine> => (await import("./postgresql.js")).postgresql,
  files: async (): Promise<Engine> => (await import("./files.js")).files,
  lowdb: async (): Promise<Engine> => (await import("./lowdb.js")).lowdb,
} as const;

export type EngineName = keyof typeof engines;

export const engineNames = Object.keys(engines) as EngineName[];
