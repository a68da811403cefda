import { z } from "zod";
import { HoldfastError, type Problem } from "../errors.js";
import { cacheLimits } from "./limits.js";
import type { CacheTrouble } from "./trouble.js";

export interface CacheOptions<Value> {
  /** `[a-z][a-z0-9_-]*`, at most 64 characters. It parts the caches that share a server, and names this one in reports. */
  readonly name: string;
  /** How long an entry is used, in milliseconds. Default one hour. */
  readonly timeToLiveMs?: number;
  /** The most entries in memory; the least recently used go first. Default 1,000. A shared server has bounds of its own. */
  readonly maximumEntries?: number;
  /** The most bytes in memory, keys and values as JSON. Default 64 MiB. */
  readonly maximumBytes?: number;
  /** The most bytes of one entry, in memory and on a shared server. A larger one is not stored. Default 1 MiB. */
  readonly maximumEntryBytes?: number;
  /** `redis://`, `rediss://`, `valkey://` or `valkeys://` of a server to share the cache with others. Default: memory. */
  readonly url?: string | undefined;
  /** How long a shared server is waited for, in milliseconds, also when the cache is opened. Default 250. */
  readonly operationTimeoutMs?: number;
  /** How long a server that did not answer in time is left alone, in milliseconds. Default 1,000. */
  readonly pauseMs?: number;
  /** How often trouble is reported at most, in milliseconds. Default one minute. */
  readonly reportIntervalMs?: number;
  /** Checks what is read: an entry that another version of the program wrote differently is a miss. */
  readonly schema?: z.ZodType<Value>;
  /** Gets trouble with the cache, for a log. Default: a warning of the process. */
  readonly onTrouble?: (trouble: CacheTrouble) => void;
}

const whole = z.int().min(1);
/** Up to the longest a Node timer can wait. */
const milliseconds = whole.max(2_147_483_647);

const settingsSchema = z.object({
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/, "must be 1 to 64 of a-z, 0-9, _ and -, and begin with a letter"),
  timeToLiveMs: whole.default(cacheLimits.timeToLiveMs),
  maximumEntries: whole.default(cacheLimits.maximumEntries),
  maximumBytes: whole.default(cacheLimits.maximumBytes),
  maximumEntryBytes: whole.default(cacheLimits.maximumEntryBytes),
  url: z.string().optional(),
  operationTimeoutMs: milliseconds.default(cacheLimits.operationTimeoutMs),
  pauseMs: milliseconds.default(cacheLimits.pauseMs),
  reportIntervalMs: milliseconds.default(cacheLimits.reportIntervalMs),
});

/** The options with their defaults. `server` is what a client of Redis can dial. */
export interface CacheSettings extends Omit<z.output<typeof settingsSchema>, "url"> {
  readonly server: URL | undefined;
}

/** @throws HoldfastError `INVALID_CONFIG` with every problem listed; an address is never repeated, it may hold a password. */
export function parseCacheOptions(given: object): CacheSettings {
  const parsed = settingsSchema.safeParse(given);
  const problems: Problem[] = (parsed.error?.issues ?? []).map(({ path, message }) => ({
    path: `/${path.map(String).join("/")}`,
    message,
  }));
  const url: unknown = "url" in given ? given.url : undefined;
  const server = typeof url === "string" ? serverAddress(url) : undefined;
  if (typeof url === "string" && server === undefined) {
    problems.push({ path: "/url", message: "must be a redis://, rediss://, valkey:// or valkeys:// address" });
  }
  if (!parsed.success || problems.length > 0) {
    throw HoldfastError.ofProblems("INVALID_CONFIG", "The options of the cache are not valid.", problems);
  }
  return { ...parsed.data, server };
}

/** Valkey speaks the protocol of Redis; only the name of its scheme differs. */
const schemes: Readonly<Record<string, string>> = {
  "redis:": "redis:",
  "rediss:": "rediss:",
  "valkey:": "redis:",
  "valkeys:": "rediss:",
};

function serverAddress(text: string): URL | undefined {
  const scheme = Object.keys(schemes).find((name) => text.startsWith(`${name}//`));
  if (scheme === undefined) return undefined;
  const address = `${schemes[scheme] ?? scheme}${text.slice(scheme.length)}`;
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  return url.hostname === "" ? undefined : url;
}
