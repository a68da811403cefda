import { Keyv, type KeyvStoreAdapter } from "keyv";
import { BoundedMemory } from "./bounded-memory.js";
import { Cache } from "./cache.js";
import { parseCacheOptions, type CacheOptions } from "./options.js";
import { connectInBackground, remoteServer } from "./remote-server.js";
import { TroubleReports } from "./trouble.js";

/**
 * Opens a cache: in memory, bounded by entries and bytes, or on a Redis or Valkey server that several routers share.
 *
 * It opens whether the server can be reached or not, after waiting for it no longer than for one operation: a shared
 * cache that is down changes only speed. The connection is sought in the background until the cache is closed.
 *
 * @throws HoldfastError `INVALID_CONFIG` with every problem of the options listed.
 */
export async function openCache<Value>(options: CacheOptions<Value>): Promise<Cache<Value>> {
  const settings = parseCacheOptions(options);
  const { name, timeToLiveMs, maximumEntryBytes, operationTimeoutMs, pauseMs, reportIntervalMs, server } = settings;
  const reports = new TroubleReports(name, reportIntervalMs, options.onTrouble);
  const parts = { timeToLiveMs, maximumEntryBytes, schema: options.schema };
  if (server === undefined) {
    const memory = new BoundedMemory(settings);
    return new Cache<Value>({
      ...parts,
      keyv: keyvOver(memory),
      memory,
      failOpen: { timeoutMs: undefined, pauseMs, reports },
      disconnect: () => memory.clear(),
    });
  }
  const shared = remoteServer(server, name, operationTimeoutMs);
  const keyv = keyvOver(shared, shared.namespace);
  await connectInBackground(shared, operationTimeoutMs, (error) => {
    reports.add("connection", error);
  });
  return new Cache<Value>({
    ...parts,
    keyv,
    memory: undefined,
    failOpen: { timeoutMs: operationTimeoutMs, pauseMs, reports },
    // Not the polite way, which waits for a server that may never answer; what is under way may be lost, as any entry.
    disconnect: () => shared.disconnect(true),
  });
}

function keyvOver(store: KeyvStoreAdapter, namespace?: string): Keyv {
  const keyv = new Keyv(store, {
    ...(namespace === undefined ? {} : { namespace }),
    // The adapter puts the namespace before the key.
    useKeyPrefix: false,
    throwOnErrors: true,
    // The value is JSON already, made once: its size has been looked at.
    serialize: ({ value, expires }) => `{"value":${String(value)},"expires":${expires ?? null}}`,
    deserialize: (text) => JSON.parse(text) as never,
  });
  // Operations throw what fails them, and trouble with the connection comes from the client: what arrives here has been
  // heard. Without a listener Keyv would throw it.
  keyv.on("error", () => undefined);
  return keyv;
}
