import { expect, test } from "vitest";
import type { Collection, Store } from "../../src/collections/index.js";
import { Replay, replayRecordsCollection } from "../../src/surfaces/replay/index.js";
import { stateFolder } from "../support/state-folder.js";

/** Where the reference's PostgreSQL and Milvus backends stop to look. */
const referenceLimit = 10_000;

test("P1: beyond 10,000 records totals are wrong; ours are right, and no total or page reads more than it shows", async () => {
  await using folder = await stateFolder();
  const state = await folder.open();
  const replay = new Replay(state);
  const many = referenceLimit + 40;
  const newest = Date.now();
  for (let begin = 0; begin < many; begin += 500) {
    const block = Array.from({ length: Math.min(500, many - begin) }, (_, index) => begin + index);
    await Promise.all(
      block.map((number) =>
        replay.add({
          id: `r${number}`,
          timestamp: new Date(newest - number).toISOString(),
          decision: number % 1_000 === 0 ? "rare" : "common",
          selected_model: "m",
          total_tokens: 1,
        }),
      ),
    );
  }
  const read = { documents: 0 };
  const watched = new Replay(countingReads(state, read));
  expect(await watched.aggregate()).toMatchObject({ recordCount: many });
  expect(await watched.aggregate({ decision: "rare" })).toMatchObject({ recordCount: 11 });
  expect(read.documents).toBeLessThanOrEqual(10);
  read.documents = 0;

  const page = await watched.list({ limit: 20, offset: 0 });
  expect(page).toMatchObject({ total: many, hasMore: true });
  expect(page.records.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, index) => `r${index}`));
  const rare = await watched.list({ decision: "rare", limit: 5, offset: 0 });
  expect(rare).toMatchObject({ total: 11 });
  expect(rare.records.map(({ id }) => id)).toEqual(["r0", "r1000", "r2000", "r3000", "r4000"]);
  expect(read.documents).toBeLessThanOrEqual(2 * (20 + 5));
}, 240_000);

test("P16: records vanish with a change of configuration, and need a decision; ours outlive it, and need none", async () => {
  await using folder = await stateFolder();
  const first = await folder.open();
  const before = new Replay(first);
  await before.add({ id: "undecided", prompt: "kept as it was captured" });
  await before.add({ id: "decided", decision: "d" });
  await before.finish("undecided", { state: "completed" });
  await before.finish("decided", { state: "completed" });
  const records = (await before.list()).records.map(({ record }) => record);
  await first.close();

  const second = await folder.open({ responses: { timeToLiveMs: 1_000 } });
  const after = new Replay(second, {
    policy: { capture_text: false, max_body_bytes: 1 },
    retention: { maximumCount: 2 },
  });
  expect((await after.list()).records.map(({ record }) => record)).toEqual(records);
  expect(records).toHaveLength(2);
});

/** The same store, which counts the records that are read of it, one by one or in pages. */
function countingReads(store: Store, read: { documents: number }): Store {
  return new Proxy(store, {
    get(target, member) {
      const value: unknown = Reflect.get(target, member, target);
      if (member === "collection") {
        return (definition: { readonly name: string }) => {
          const collection = target.collection(definition as never);
          return definition.name === replayRecordsCollection.name ? counting(collection, read) : collection;
        };
      }
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

function counting<Body>(collection: Collection<Body>, read: { documents: number }): Collection<Body> {
  return new Proxy(collection, {
    get(target, member) {
      const value: unknown = Reflect.get(target, member, target);
      if (member === "list") {
        return async (...options: Parameters<Collection<Body>["list"]>) => {
          const page = await target.list(...options);
          read.documents += page.documents.length;
          return page;
        };
      }
      if (member === "get") {
        return (id: string) => {
          read.documents += 1;
          return target.get(id);
        };
      }
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
