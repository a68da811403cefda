import { describe, expect, test } from "vitest";
import { z } from "zod";
import { openCache, type Cache, type CacheOptions, type CacheTrouble } from "../../src/cache/index.js";
import { eventually } from "../support/eventually.js";
import { freePort, redisBinary, RedisServer, skippedWithoutRedis } from "./redis-server.js";

interface Answer {
  readonly text: string;
}

/** Tests that run on a noisy machine wait longer than a request would. */
function open(url: string, options: Partial<CacheOptions<Answer>> = {}): Promise<Cache<Answer>> {
  return openCache<Answer>({
    name: "answers",
    url,
    operationTimeoutMs: 20_000,
    onTrouble: () => undefined,
    ...options,
  });
}

describe("a shared cache that can not be reached", () => {
  test("opens, finds nothing, stores nothing, computes, and throws nothing; it is reported once", async () => {
    const reported: CacheTrouble[] = [];
    await using cache = await open(`redis://127.0.0.1:${await freePort()}`, {
      operationTimeoutMs: 250,
      onTrouble: (trouble) => reported.push(trouble),
    });
    expect(await cache.get("k")).toBeUndefined();
    expect(await cache.set("k", { text: "a" })).toBe("failed");
    expect(await cache.delete("k")).toBe("failed");
    expect(await cache.clear()).toBe("failed");
    expect(await cache.getOrCompute("k", () => Promise.resolve({ text: "computed" }))).toEqual({ text: "computed" });
    const { hits, misses, errors, skipped } = cache.statistics;
    expect({ hits, misses }).toEqual({ hits: 0, misses: 0 });
    expect(errors + skipped).toBe(6);
    expect(reported).toHaveLength(1);
    expect(reported[0]).toMatchObject({ cache: "answers", operation: "connection" });
  });

  test("an address that is none is refused, without being repeated", async () => {
    const opened = openCache({ name: "answers", url: "http://user:secret@localhost" });
    await expect(opened).rejects.toMatchObject({ code: "INVALID_CONFIG", problems: [{ path: "/url" }] });
    await expect(opened).rejects.not.toThrow("secret");
  });
});

if (redisBinary === undefined) console.warn(skippedWithoutRedis);

describe.skipIf(redisBinary === undefined)("a cache shared through a Redis or Valkey server", () => {
  const begin = (): Promise<RedisServer> => RedisServer.begin(redisBinary ?? "");

  test("is seen by both that share it, and not by a cache of another name", async () => {
    await using server = await begin();
    await using one = await open(server.url);
    await using two = await open(server.url.replace("redis:", "valkey:"));
    await using other = await open(server.url, { name: "contexts" });
    expect(await one.set("k", { text: "shared" })).toBe("stored");
    expect(await two.get("k")).toEqual({ text: "shared" });
    expect(await other.get("k")).toBeUndefined();
    await other.set("k", { text: "mine" });
    expect(await one.clear()).toBe("cleared");
    expect(await two.get("k")).toBeUndefined();
    expect(await other.get("k")).toEqual({ text: "mine" });
    expect(await other.delete("k")).toBe("deleted");
    expect(await other.delete("k")).toBe("absent");
  });

  test("outlives the process that filled it, and forgets an entry when its time is up", async () => {
    await using server = await begin();
    const first = await open(server.url);
    await first.set("long", { text: "kept" });
    await first.set("short", { text: "gone soon" }, { timeToLiveMs: 50 });
    await first.set("never", { text: "not stored" }, { timeToLiveMs: 0 });
    await first.close();
    await using second = await open(server.url);
    await eventually("the entry expires", async () => (await second.get("short")) === undefined);
    expect(await second.get("never")).toBeUndefined();
    expect(await second.get("long")).toEqual({ text: "kept" });
  });

  test("is done without while its server is down, and used again when it is back", async () => {
    await using server = await begin();
    await using cache = await open(server.url, { pauseMs: 1 });
    await cache.set("k", { text: "before" });
    await server.kill();
    expect(await cache.get("k")).toBeUndefined();
    expect(await cache.getOrCompute("k", () => Promise.resolve({ text: "computed" }))).toEqual({ text: "computed" });
    expect(cache.statistics).toMatchObject({ hits: 0, misses: 0 });
    expect(cache.statistics.errors).toBeGreaterThan(0);
    await server.start();
    await eventually("it stores again", async () => (await cache.set("k", { text: "after" })) === "stored");
    expect(await cache.get("k")).toEqual({ text: "after" });
  });

  test("that does not answer costs one timeout, then nothing until the pause is over", async () => {
    await using server = await begin();
    await using cache = await open(server.url);
    await cache.set("k", { text: "a" });
    await using hasty = await open(server.url, { operationTimeoutMs: 3_000, pauseMs: 3_600_000 });
    server.pause();
    expect(await hasty.get("k")).toBeUndefined();
    expect(hasty.statistics).toMatchObject({ timeouts: 1, errors: 1, skipped: 0 });
    expect(await hasty.get("k")).toBeUndefined();
    expect(await hasty.getOrCompute("k", () => Promise.resolve({ text: "computed" }))).toEqual({ text: "computed" });
    expect(hasty.statistics).toMatchObject({ timeouts: 1, errors: 1, skipped: 3 });
    server.resume();
    expect(await cache.get("k")).toEqual({ text: "a" });
  });

  test("takes an entry of another form for none", async () => {
    await using server = await begin();
    await using old = await openCache<{ body: string }>({
      name: "answers",
      url: server.url,
      operationTimeoutMs: 20_000,
    });
    await old.set("k", { body: "older form" });
    await using cache = await open(server.url, { schema: z.looseObject({ text: z.string() }) });
    expect(await cache.get("k")).toBeUndefined();
    expect(cache.statistics).toMatchObject({ mismatched: 1, misses: 1, hits: 0 });
  });
});
