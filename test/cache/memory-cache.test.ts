import { describe, expect, test } from "vitest";
import { cacheLimits, openCache, type CacheTrouble } from "../../src/cache/index.js";
import { TroubleReports } from "../../src/cache/trouble.js";
import { eventually } from "../support/eventually.js";
import { gate } from "./gate.js";

describe("a cache in memory", () => {
  test("gives what it was given, each caller a copy of its own, and counts", async () => {
    await using cache = await openCache<{ parts: string[] }>({ name: "answers" });
    const given = { parts: ["a"] };
    expect(await cache.get("k")).toBeUndefined();
    expect(await cache.set("k", given)).toBe("stored");
    given.parts.push("changed by the giver");
    const got = await cache.get("k");
    expect(got).toEqual({ parts: ["a"] });
    got?.parts.push("changed by a reader");
    expect(await cache.get("k")).toEqual({ parts: ["a"] });
    expect(await cache.delete("k")).toBe("deleted");
    expect(await cache.delete("k")).toBe("absent");
    expect(cache.statistics).toMatchObject({ hits: 2, misses: 1, stored: 1, errors: 0, entries: 0, bytes: 0 });
  });

  test("is bounded by entries: the least recently used goes first", async () => {
    await using cache = await openCache<number>({ name: "answers", maximumEntries: 3 });
    for (const number of [1, 2, 3]) await cache.set(`k${number}`, number);
    await cache.get("k1");
    await cache.set("k4", 4);
    expect(await Promise.all(["k1", "k2", "k3", "k4"].map((key) => cache.get(key)))).toEqual([1, undefined, 3, 4]);
    expect(cache.statistics.entries).toBe(3);
  });

  test("is bounded by bytes, keys included, and so is one entry", async () => {
    await using cache = await openCache<string>({ name: "answers", maximumBytes: 1_000, maximumEntryBytes: 400 });
    expect(await cache.set("large", "x".repeat(399))).toBe("not_stored");
    for (let number = 0; number < 100; number += 1) {
      expect(await cache.set(`k${number}`, "ö".repeat(100))).toBe("stored");
      expect(cache.statistics.bytes).toBeLessThanOrEqual(1_000);
    }
    expect(await cache.get("k99")).toBe("ö".repeat(100));
    expect(await cache.get("k0")).toBeUndefined();
    await using narrow = await openCache<string>({ name: "answers", maximumBytes: 50 });
    expect(await narrow.set("k", "x".repeat(100))).toBe("not_stored");
    expect(narrow.statistics).toMatchObject({ entries: 0, notStored: 1 });
  });

  test("keeps an entry for its own time, by default for that of the cache; 0 is not stored", async () => {
    await using cache = await openCache<string>({ name: "answers", timeToLiveMs: 20 });
    expect(await cache.set("long", "a", { timeToLiveMs: 3_600_000 })).toBe("stored");
    expect(await cache.set("standard", "b", { timeToLiveMs: -1 })).toBe("stored");
    expect(await cache.set("never", "c", { timeToLiveMs: 0 })).toBe("not_stored");
    await eventually("the entry expires", async () => (await cache.get("standard")) === undefined);
    expect(await cache.get("never")).toBeUndefined();
    expect(await cache.get("long")).toBe("a");
    for (const timeToLiveMs of [-2, 1.5, Number.NaN, Infinity]) {
      await expect(cache.set("k", "d", { timeToLiveMs })).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    }
  });

  test("stores nothing that JSON can not say, and fails no request for it", async () => {
    await using cache = await openCache<unknown>({ name: "answers" });
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(await cache.set("cycle", cycle)).toBe("not_stored");
    expect(await cache.set("bigint", 1n)).toBe("not_stored");
    expect(await cache.set("undefined", undefined)).toBe("not_stored");
    expect(await cache.getOrCompute("bigint", () => Promise.resolve(2n))).toBe(2n);
    expect(cache.statistics).toMatchObject({ entries: 0, stored: 0, errors: 0 });
    for (const value of [null, 0, "", ":text", false, [], { __proto__: null }]) {
      expect(await cache.set("k", value)).toBe("stored");
      expect(await cache.get("k")).toEqual(value);
    }
  });

  test("is empty once it is closed, and then does nothing", async () => {
    const cache = await openCache<string>({ name: "answers" });
    await cache.set("k", "a");
    await cache.close();
    await cache.close();
    expect(await cache.get("k")).toBeUndefined();
    expect(await cache.set("k", "b")).toBe("failed");
    expect(await cache.getOrCompute("k", () => Promise.resolve("computed"))).toBe("computed");
    expect(cache.statistics).toMatchObject({ entries: 0, errors: 0 });
  });

  test("has every problem with its options listed", async () => {
    const opened = openCache({
      name: "Not A Name",
      timeToLiveMs: 0,
      maximumEntries: -1,
      maximumBytes: 1.5,
      url: "ftp://x",
    });
    await expect(opened).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      problems: ["/name", "/timeToLiveMs", "/maximumEntries", "/maximumBytes", "/url"].map((path) => ({ path })),
    });
  });

  test("has bounds when nobody sets any", async () => {
    await using cache = await openCache<number>({ name: "answers" });
    for (let number = 0; number <= cacheLimits.maximumEntries; number += 1) await cache.set(`k${number}`, number);
    expect(cache.statistics.entries).toBe(cacheLimits.maximumEntries);
  });
});

describe("callers that miss at once", () => {
  test("share one computation, and each gets a copy", async () => {
    await using cache = await openCache<{ parts: string[] }>({ name: "answers" });
    const door = gate<undefined>();
    let computed = 0;
    const callers = Array.from({ length: 10 }, () =>
      cache.getOrCompute("k", async () => {
        computed += 1;
        await door.opened;
        return { parts: ["a"] };
      }),
    );
    door.open(undefined);
    const values = await Promise.all(callers);
    expect(computed).toBe(1);
    expect(new Set(values).size).toBe(10);
    expect(values).toEqual(Array.from({ length: 10 }, () => ({ parts: ["a"] })));
    expect(cache.statistics).toMatchObject({ misses: 1, shared: 9, stored: 1 });
    expect(await cache.getOrCompute("k", () => Promise.reject(new Error("not asked")))).toEqual({ parts: ["a"] });
  });

  test("do not share a failure, nor what may not be cached", async () => {
    await using cache = await openCache<string>({ name: "answers" });
    let calls = 0;
    const failing = (): Promise<string> => {
      calls += 1;
      return calls === 1 ? Promise.reject(new Error("the first caller went away")) : Promise.resolve(`call ${calls}`);
    };
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => cache.getOrCompute("k", failing)));
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
    expect(calls).toBe(3);
    let blocked = 0;
    const blocking = (): Promise<string> => Promise.resolve(`blocked ${(blocked += 1)}`);
    const isCacheable = (): boolean => false;
    const answers = await Promise.all([1, 2].map(() => cache.getOrCompute("b", blocking, { isCacheable })));
    expect(answers).toEqual(["blocked 1", "blocked 2"]);
    expect(await cache.get("b")).toBeUndefined();
  });

  test("with a time to live of 0 share and store nothing, but may find what is there", async () => {
    await using cache = await openCache<number>({ name: "answers" });
    let calls = 0;
    const compute = (): Promise<number> => Promise.resolve((calls += 1));
    const none = { timeToLiveMs: 0 };
    const values = await Promise.all([cache.getOrCompute("k", compute, none), cache.getOrCompute("k", compute, none)]);
    expect(values).toEqual([1, 2]);
    await cache.set("k", 7);
    expect(await cache.getOrCompute("k", compute, none)).toBe(7);
  });

  test("may give up waiting without harm to the others", async () => {
    await using cache = await openCache<string>({ name: "answers" });
    const door = gate<string>();
    const leader = cache.getOrCompute("k", () => door.opened);
    const leaving = new AbortController();
    const follower = cache.getOrCompute("k", () => door.opened, { signal: leaving.signal });
    leaving.abort(new Error("the client went away"));
    await expect(follower).rejects.toThrow("the client went away");
    door.open("answer");
    expect(await leader).toBe("answer");
  });

  test.each(["delete", "clear"] as const)("do not bring back what a %s meanwhile was to forget", async (how) => {
    await using cache = await openCache<string>({ name: "answers" });
    const door = gate<string>();
    const started = gate<undefined>();
    const leader = cache.getOrCompute("k", () => {
      started.open(undefined);
      return door.opened;
    });
    await started.opened;
    if (how === "delete") await cache.delete("k");
    else await cache.clear();
    const later = cache.getOrCompute("k", () => Promise.resolve("newer"));
    door.open("older");
    expect(await Promise.all([leader, later])).toEqual(["older", "newer"]);
    expect(await cache.get("k")).toBe("newer");
  });
});

test("trouble is reported once per interval, and the next report counts what was left out", async () => {
  const reported: CacheTrouble[] = [];
  const reports = new TroubleReports("answers", 3_600_000, (trouble) => reported.push(trouble));
  for (let number = 0; number < 5; number += 1) reports.add("get", new Error(`trouble ${number}`));
  expect(reported.map(({ message, unreported }) => [message, unreported])).toEqual([["trouble 0", 0]]);
  const often = new TroubleReports("answers", 1, (trouble) => reported.push(trouble));
  reported.length = 0;
  let added = 0;
  await eventually("a second report", () => {
    added += 1;
    often.add("get", new Error("again"));
    return reported.length >= 2;
  });
  expect(reported.reduce((sum, { unreported }) => sum + 1 + unreported, 0)).toBe(added);
});
